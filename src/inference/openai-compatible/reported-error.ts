import { z } from 'zod';
import { failureOfStatus, type UpstreamFailure } from './upstream-failure.ts';

const objectSchema = z.looseObject({
  object: z.unknown().optional(),
  type: z.unknown().optional(),
  event: z.unknown().optional(),
  choices: z.unknown().optional(),
  error: z.unknown().optional(),
  errors: z.unknown().optional(),
  message: z.unknown().optional(),
  detail: z.unknown().optional(),
  code: z.unknown().optional(),
  status: z.unknown().optional(),
  success: z.unknown().optional(),
  base_resp: z.looseObject({ status_code: z.unknown().optional() }).optional().catch(undefined),
});

/** What an object says of itself that only tells of the work going on. */
const LIFE = /^(ping|pong|heart_?beat|keep_?-?alive|status|progress|info|processing|queued|pending|loading|running)$/i;

/** Text in an event that is a complaint and no sign of life. */
const COMPLAINT = /error|exception|traceback|fail|overload|out of memory|timed? ?out/i;

/**
 * The error that an object of a 200 stream is: OpenAI's `error`, vLLM's `object: "error"`, FastAPI's `detail`,
 * Anthropic's `type: "error"`, `code` or `status_code` as Asian providers have it; null where it is none.
 */
export function failureOfErrorObject(json: object, engineId: string): UpstreamFailure | null {
  return isError(json) ? failureOf(json, engineId) : null;
}

/** The error that a text is which stands where an object should; null where it is a sign of life (`ping`). */
export function failureOfErrorText(text: string, engineId: string): UpstreamFailure | null {
  return COMPLAINT.test(text) ? failureOfStatus(500, { engineId, body: text, retryAfter: undefined }) : null;
}

/** The error of one choice (OpenRouter). */
export function failureOfChoice(error: unknown, engineId: string): UpstreamFailure | null {
  return isSaid(error) ? failureOf({ error }, engineId) : null;
}

function isError(json: object): boolean {
  const given = objectSchema.parse(json);
  if (isSaid(given.error) || given.object === 'error' || given.type === 'error') return true;
  // What comes beside an answer decorates it.
  if (given.choices) return false;
  const { base_resp: base, code, detail, errors, event, message, status, success, type } = given;
  const isLife = [type, event, status].some((value) => typeof value === 'string' && LIFE.test(value));
  return (
    Boolean(errors) ||
    Boolean(detail) ||
    (typeof message === 'string' && !isLife) ||
    success === false ||
    (typeof status === 'string' && /err|fail/i.test(status)) ||
    [code, status].some((value) => Number(value) >= 400) ||
    Boolean(base?.status_code)
  );
}

/** Empty objects and lists are how some write that there is none. */
function isSaid(error: unknown): boolean {
  return typeof error === 'object' && error !== null ? Object.keys(error).length > 0 : Boolean(error);
}

function failureOf(json: object, engineId: string): UpstreamFailure {
  const { error } = objectSchema.parse(json);
  const { code } = codeSchema.safeParse(typeof error === 'object' ? error : json).data ?? { code: 500 };
  return failureOfStatus(code, { engineId, body: JSON.stringify(json), retryAfter: undefined });
}

const codeSchema = z
  .object({ code: z.unknown().optional(), status: z.unknown().optional(), status_code: z.unknown().optional() })
  .transform(({ code, status, status_code }) => [code, status, status_code].map(Number))
  .transform((codes) => ({ code: codes.find((code) => code >= 400 && code <= 599) ?? 500 }));
