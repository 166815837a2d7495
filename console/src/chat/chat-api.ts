import { ApiFailure, call, failureOf, read } from '../api.ts';
import { eventsOf } from '../event-stream.ts';
import { randomId } from '../random-id.ts';
import { isPassing } from '../try-again.ts';

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string | readonly Part[];
}

/** What comes of an answer, in order and once. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'end'; readonly isCancelled: boolean };

interface Chunk {
  readonly error?: unknown;
  readonly cancelled?: boolean;
  readonly choices?: readonly {
    readonly delta: { readonly content?: string | null; readonly reasoning?: string | null };
    readonly finish_reason: string | null;
  }[];
}

/** Asks for the stream of an answer, behind the event that was seen last. */
type Connect = (lastEventId: string | null) => Promise<Response>;

const TRIES = 20;
const PAUSE_MS = 1_000;
const COMPLETIONS = 'v1/chat/completions';

export async function listModels(): Promise<readonly string[]> {
  const { data } = await read<{ data: readonly { id: string }[] }>('v1/models');
  return data.map(({ id }) => id);
}

/** Asks a question; under its key a repeat of it, after a connection that broke, is no second one. */
export function ask(
  session: string,
  { messages, model }: { readonly messages: readonly Message[]; readonly model: string },
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const idempotencyKey = randomId();
  const json = { model, messages, stream: true, session_id: session };
  return follow(
    (last) =>
      call(COMPLETIONS, {
        json,
        signal,
        headers: { 'idempotency-key': idempotencyKey, ...(last !== null && { 'last-event-id': last }) },
      }),
    signal,
  );
}

/** The last answer of a session from its beginning, and on while it goes on. @throws ApiFailure session_not_found */
export function resume(session: string, signal: AbortSignal): AsyncGenerator<Piece> {
  return follow(
    (last) =>
      call(`${COMPLETIONS}/${session}/stream`, {
        signal,
        ...(last !== null && { headers: { 'last-event-id': last } }),
      }),
    signal,
  );
}

export async function cancel(session: string): Promise<void> {
  await call(`v1/cancel/${session}`, { method: 'POST' });
}

/** Reads a stream to its end, over every connection that breaks meanwhile. */
async function* follow(connect: Connect, signal: AbortSignal): AsyncGenerator<Piece> {
  let last: string | null = null;
  for (let tries = 0; ; tries++) {
    try {
      for await (const { data, id } of eventsOf(await connect(last))) {
        if (data === '[DONE]') return;
        const chunk = JSON.parse(data) as Chunk;
        if (chunk.error) throw failureOf(500, chunk);
        last = id ?? last;
        tries = 0;
        yield* piecesOf(chunk);
      }
    } catch (error) {
      if (signal.aborted || tries >= TRIES || !goesOn(error)) throw error;
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function* piecesOf({ cancelled = false, choices = [] }: Chunk): Generator<Piece> {
  for (const { delta, finish_reason } of choices) {
    if (delta.reasoning) yield { kind: 'reasoning', text: delta.reasoning };
    if (delta.content) yield { kind: 'text', text: delta.content };
    if (finish_reason !== null) yield { kind: 'end', isCancelled: cancelled };
  }
}

/** A connection that broke, or a server that is being stopped: the answer goes on elsewhere. */
function goesOn(error: unknown): boolean {
  return !(error instanceof ApiFailure) || isPassing(error) || error.code === 'shutting_down';
}
