import { customIdContext, lineOutcomeContext, lineSettingsContext } from '../encryption/contexts.ts';
import { sealJson, unsealJson } from '../encryption/keyring.ts';
import type { ResponseSettings } from '../responses/response-object.ts';
import type { Database } from './database.ts';
import type { ChatBatchLine } from './generated/client.ts';

/** Statuses in which a batch of chat requests has not ended. */
export const OPEN_CHAT_BATCH = ['validating', 'in_progress', 'finalizing', 'cancelling'];

export interface ChatLineCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

/** Counts of the lines' rows; there are none before the file was checked, nor after the batch has ended. */
export async function countChatLines(
  database: Database,
  batchIds: readonly string[],
): Promise<Map<string, ChatLineCounts>> {
  const groups = await database.chatBatchLine.groupBy({
    by: ['batchId', 'status'],
    where: { batchId: { in: [...batchIds] } },
    _count: true,
  });
  const counts = new Map(batchIds.map((id) => [id, { total: 0, completed: 0, failed: 0 }]));
  for (const { batchId, status, _count: lines } of groups) {
    const of = counts.get(batchId);
    if (!of) continue;
    of.total += lines;
    if (status === 'completed' || status === 'failed') of[status] += lines;
  }
  return counts;
}

/** Usage as OpenAI's completions write it. */
export interface CompletionUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** Usage as OpenAI's responses write it. */
export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
}

/** A line of an output or error file. */
export interface LineOutcome {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: object & { readonly usage?: CompletionUsage | ResponseUsage | null };
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Seals and opens what the rows of one batch's lines hold. */
export class LineSeal {
  readonly #dataKey: Uint8Array;
  readonly #batchId: string;

  constructor(dataKey: Uint8Array, batchId: string) {
    this.#dataKey = dataKey;
    this.#batchId = batchId;
  }

  sealCustomId(line: number, customId: string): Uint8Array<ArrayBuffer> {
    return sealJson(this.#dataKey, customId, customIdContext(this.#batchId, line));
  }

  customId({ line, sealedCustomId }: Pick<ChatBatchLine, 'line' | 'sealedCustomId'>): string {
    return String(unsealJson(this.#dataKey, sealedCustomId, customIdContext(this.#batchId, line)));
  }

  sealSettings(line: number, settings: ResponseSettings): Uint8Array<ArrayBuffer> {
    return sealJson(this.#dataKey, settings, lineSettingsContext(this.#batchId, line));
  }

  /** What a response repeats of its request; null for chat completions. */
  settings({ line, sealedSettings }: Pick<ChatBatchLine, 'line' | 'sealedSettings'>): ResponseSettings | null {
    if (!sealedSettings) return null;
    // What we sealed ourselves has the shape that we gave it.
    return unsealJson(this.#dataKey, sealedSettings, lineSettingsContext(this.#batchId, line)) as ResponseSettings;
  }

  sealOutcome(line: number, outcome: LineOutcome): Uint8Array<ArrayBuffer> {
    return sealJson(this.#dataKey, outcome, lineOutcomeContext(this.#batchId, line));
  }

  /** What we sealed ourselves has the shape that we gave it. */
  outcome(line: number, sealed: Uint8Array): LineOutcome {
    return unsealJson(this.#dataKey, sealed, lineOutcomeContext(this.#batchId, line)) as LineOutcome;
  }
}

/** Writes the outcome of a line, once: what a repeat finds final it leaves. */
export async function storeLineOutcome(
  database: Database,
  batchId: string,
  line: number,
  outcome: { readonly status: 'completed' | 'failed'; readonly sealed: Uint8Array<ArrayBuffer> },
): Promise<void> {
  await database.chatBatchLine.updateMany({
    where: { batchId, line, status: 'queued' },
    data: { status: outcome.status, sealedOutcome: outcome.sealed },
  });
}
