import { asRecord } from '../../chat/optional.ts';
import { KtpflowError } from '../../errors.ts';
import { wholeResponse } from '../../responses/event-log.ts';
import type { Requester } from '../access/access-log.ts';
import type { LiveStreams } from '../chat/live-streams.ts';
import type { SessionContext } from '../chat/sessions.ts';
import type { RouteContext } from '../context.ts';
import { namedInput } from './input-items.ts';
import { openAnswer } from './open-response.ts';
import { findResponse, readConversation, type StoreContext } from './stored-response.ts';

/** An item of ours names its response and its place there: of its answer, or (`in`) of what was put in. */
const ITEM_ID = /^(?<kind>msg|rs|fc|in)_(?<response>[0-9a-f]{48})\d{1,4}$/;
/** Each is looked up by itself; a conversation of more turns is one for previous_response_id. */
const MAX_RESPONSES = 256;

/**
 * A body whose items refer to none of earlier responses any more: the items stand in it instead. The AI SDK repeats a
 * conversation so, since OpenAI keeps what it answered.
 * @throws KtpflowError not_found, for somebody else's too; session_busy while that response runs
 */
export async function inlineReferences(
  context: ReferenceContext,
  streams: LiveStreams,
  reader: Requester,
  body: unknown,
): Promise<unknown> {
  const given = asRecord(body)?.input;
  if (!Array.isArray(given)) return body;
  const items = given as unknown[];
  const known = new Map<string, ReadonlyMap<string, unknown>>();
  const inlined = [...items];
  for (const [at, item] of items.entries()) {
    const id = referredTo(item);
    if (id === undefined) continue;
    const param = `input[${at}].id`;
    const parts = ITEM_ID.exec(id)?.groups;
    if (!parts) throw unknownItem(param);
    const responseId = `resp_${parts.response}`;
    const source = parts.kind === 'in' ? `in:${responseId}` : responseId;
    let named = known.get(source);
    if (!named) {
      if (known.size === MAX_RESPONSES) {
        const message = `An input may refer to at most ${MAX_RESPONSES} responses; use previous_response_id.`;
        throw new KtpflowError('invalid_value', message, { param });
      }
      const read = parts.kind === 'in' ? inputOf : outputOf;
      named = await read(context, streams, { reader, responseId, param });
      known.set(source, named);
    }
    if (!named.has(id)) throw unknownItem(param);
    inlined[at] = named.get(id);
  }
  return known.size === 0 ? body : { ...asRecord(body), input: inlined };
}

type ReferenceContext = SessionContext & StoreContext & Pick<RouteContext, 'accessLog'>;

interface Wanted {
  readonly reader: Requester;
  readonly responseId: string;
  readonly param: string;
}

function referredTo(item: unknown): string | undefined {
  const record = asRecord(item);
  return record?.type === 'item_reference' && typeof record.id === 'string' ? record.id : undefined;
}

async function outputOf(
  context: ReferenceContext,
  streams: LiveStreams,
  { param, reader, responseId }: Wanted,
): Promise<ReadonlyMap<string, unknown>> {
  const { tenant } = reader.caller;
  const stored = await findResponse(context, tenant, responseId, param);
  const answer = await openAnswer(context, streams, tenant, stored);
  try {
    const { end } = answer.view;
    if (!end) throw new KtpflowError('session_busy', 'The response of this item has not ended yet.', { param });
    await context.accessLog.write({ ...reader, action: 'chat.read', subject: answer.generation.id });
    const head = { ...stored, createdAt: answer.generation.createdAt };
    return byId(wholeResponse(head, answer.view, end).output);
  } finally {
    answer.leave();
  }
}

async function inputOf(
  context: ReferenceContext,
  _streams: LiveStreams,
  { param, reader, responseId }: Wanted,
): Promise<ReadonlyMap<string, unknown>> {
  const stored = await findResponse(context, reader.caller.tenant, responseId, param);
  await context.accessLog.write({ ...reader, action: 'chat.read', subject: responseId });
  return byId(namedInput(await readConversation(context, stored), responseId));
}

function byId(items: readonly object[]): ReadonlyMap<string, unknown> {
  return new Map(items.map((item) => [String(asRecord(item)?.id), item]));
}

function unknownItem(param: string): KtpflowError {
  return new KtpflowError('not_found', 'There is no such item.', { param });
}
