import type { Attributes } from '@opentelemetry/api';

/**
 * What may stand in a span, once, as log-fields.ts has it for logs: only these attributes exist, and a value that has not
 * its attribute's form is dropped. Names are those of OpenTelemetry's conventions, where there is one.
 */
export interface SpanAttributes {
  readonly method?: string | undefined;
  /** Route template such as `/v1/ktp/extractions/:id`; never a URL. */
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  /** Our own id of the request, or the HMAC of the caller's. */
  readonly requestId?: string | undefined;
  readonly workflow?: string | undefined;
  /** Temporal's id of a run. */
  readonly runId?: string | undefined;
  readonly activity?: string | undefined;
  readonly attempt?: number | undefined;
  /** Milliseconds from the scheduling of an activity to its start: how long it waited for a slot. */
  readonly waitedMs?: number | undefined;
  /** `ppocr`, `onnx` or `openai`. */
  readonly engine?: string | undefined;
  /** Stages of a card, in milliseconds. */
  readonly prepareMs?: number | undefined;
  readonly ocrMs?: number | undefined;
  readonly assembleMs?: number | undefined;
  readonly firstTokenMs?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** How a workflow's run or a request ended, where it did not simply succeed: a code of errors.ts, or one of Node's. */
  readonly code?: string | undefined;
}

const NAMES: Readonly<Record<keyof SpanAttributes, string>> = {
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  requestId: 'ktpflow.request_id',
  workflow: 'ktpflow.workflow',
  runId: 'temporalRunID',
  activity: 'ktpflow.activity',
  attempt: 'ktpflow.attempt',
  waitedMs: 'ktpflow.waited_ms',
  engine: 'ktpflow.engine',
  prepareMs: 'ktpflow.prepare_ms',
  ocrMs: 'ktpflow.ocr_ms',
  assembleMs: 'ktpflow.assemble_ms',
  firstTokenMs: 'ktpflow.first_token_ms',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  code: 'error.type',
};

/** Names of ours: routes, workflows, activities, codes. Sixteen digits in a row are a NIK, wherever they come from. */
const NAME = /^[A-Za-z0-9/:._*{}-]{1,100}$/;
const SIXTEEN_DIGITS = /\d{16}/;
/** Ids of ours: random hexadecimal digits may hold sixteen decimal ones in a row. */
const REQUEST_ID = /^(req|hmac)_[0-9a-f]{16,32}$/;
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The attributes that have their form, by the names under which they are exported. */
export function safeAttributes(attributes: SpanAttributes): Attributes {
  const safe: Attributes = {};
  for (const [key, name] of Object.entries(NAMES)) {
    const value = attributes[key as keyof SpanAttributes];
    if (value !== undefined && hasItsForm(key, value)) safe[name] = value;
  }
  return safe;
}

function hasItsForm(key: string, value: string | number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (key === 'requestId') return REQUEST_ID.test(value);
  if (key === 'runId') return RUN_ID.test(value);
  return NAME.test(value) && !SIXTEEN_DIGITS.test(value);
}

/** The code of an error, as it may stand in a span: its message may quote what a caller sent. */
export function codeOf(error: unknown): string {
  const { code, type, name } = error instanceof Error ? (error as Error & { code?: unknown; type?: unknown }) : {};
  for (const candidate of [code, type, name]) {
    if (typeof candidate === 'string' && NAME.test(candidate) && !SIXTEEN_DIGITS.test(candidate)) return candidate;
  }
  return 'unknown';
}
