import { parseLine } from '../../chat/batch-lines.ts';
import { type ChatRequest, parseChatRequest } from '../../chat/request.ts';
import { holdsSeedBeyond64Bits, seedBeyond64Bits } from '../../chat/seed-range.ts';
import { KtpflowError } from '../../errors.ts';
import { chatBodyOf } from '../../responses/chat-body.ts';
import { inWordsOfResponses } from '../../responses/name-parameters.ts';
import { parseResponseRequest } from '../../responses/request-schema.ts';
import { type ResponseSettings, settingsOf } from '../../responses/response-object.ts';

/** What a line asks for, as an interactive request of its endpoint is understood. */
export interface LineRequest {
  /** The chat body that the engine gets. */
  readonly body: object;
  readonly request: ChatRequest;
  /** What a response repeats of its request; null for chat completions. */
  readonly settings: ResponseSettings | null;
}

/** @throws KtpflowError as an interactive request would be refused */
export function readLineRequest(endpoint: string, bytes: Uint8Array): LineRequest {
  const body = bodyOf(bytes);
  if (endpoint === '/v1/responses') {
    try {
      return readResponse(body);
    } catch (error) {
      throw inWordsOfResponses(error);
    }
  }
  const request = parseChatRequest(body);
  if (holdsSeedBeyond64Bits(Buffer.from(bytes))) throw seedBeyond64Bits();
  return { body, request, settings: null };
}

function readResponse(given: object): LineRequest {
  const asked = parseResponseRequest(given);
  for (const param of ['background', 'previous_response_id'] as const) {
    if (asked[param]) throw new KtpflowError('invalid_value', 'Is not supported in batches.', { param });
  }
  const body = chatBodyOf(asked, []);
  // It stands in the output file, and nowhere else.
  return { body, request: parseChatRequest(body), settings: { ...settingsOf(asked), store: false } };
}

function bodyOf(bytes: Uint8Array): object {
  const value = parseLine(bytes) as { body?: unknown } | undefined;
  if (typeof value?.body === 'object' && value.body !== null) return value.body;
  throw new KtpflowError('internal', 'A line has changed since it was checked.');
}
