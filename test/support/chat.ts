import { createGenerateAnswer } from '../../src/activities/chat/generate-answer.ts';
import type { Config } from '../../src/config.ts';
import type { Engine } from '../../src/inference/engine.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { connectWorker } from '../../src/runtime/roles/connect.ts';
import { type KeptWorkers, keepWorking } from '../../src/runtime/roles/keep-working.ts';
import { createGenerationWorker } from '../../src/worker/workers.ts';
import type { Platform } from './platform.ts';
import type { Upstream } from './upstream.ts';

/** Name that the platform under test offers its upstream by. */
export const MODEL = 'Qwen/Qwen3-VL-2B-Instruct';

/** Settings of a platform in front of an upstream. */
export function chatEnvironment(upstream: Upstream): Record<string, string> {
  return { VLM_BASE_URL: upstream.url, MODEL_REPO_ID: MODEL, VLM_CANARY: '0' };
}

export function createTestEngine(config: Config, modelId = MODEL): Engine {
  return createOpenAiCompatibleEngine({
    id: 'vlm',
    baseUrl: config.VLM_BASE_URL ?? '',
    modelId,
    maxImagePixels: 1_000_000,
  });
}

/** An inference process's part of generating, in this process. */
export function startGenerations(
  platform: Pick<Platform, 'blobs' | 'config' | 'keyring' | 'logger'>,
  slots = 40,
  modelId = MODEL,
): KeptWorkers {
  const { blobs, config, keyring, logger } = platform;
  const engine = createTestEngine(config, modelId);
  return keepWorking(
    'generation',
    async () => {
      const connection = await connectWorker(config);
      const generateAnswer = createGenerateAnswer({
        config,
        blobs,
        keyring,
        logger,
        engines: { forModel: (model) => (model === modelId ? engine : undefined) },
      });
      const where = { connection, namespace: config.TEMPORAL_NAMESPACE, keyring };
      return { connection, workers: [await createGenerationWorker(where, { generateAnswer }, slots)] };
    },
    logger,
  );
}

/** An answer of so many different tokens. */
export function tokens(count: number): string[] {
  return Array.from({ length: count }, (_, index) => ` t${index}`);
}

export interface ReceivedEvent {
  readonly id: string | null;
  readonly data: string;
}

/** Reads server-sent events as they come, until the connection ends or `take` are there. */
export async function readEvents(response: Response, take = Number.POSITIVE_INFINITY): Promise<ReceivedEvent[]> {
  const events: ReceivedEvent[] = [];
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  for await (const event of eventsOf(response)) {
    events.push(event);
    if (events.length === take) return events;
  }
  return events;
}

/** Events of a connection that may be cut at any time, as when its process is killed: half an event is none. */
export async function* eventsUntilCut(response: Response): AsyncGenerator<ReceivedEvent, void> {
  const events = eventsOf(response);
  for (;;) {
    const next = await events.next().catch(() => null);
    if (!next || next.done) return;
    yield next.value;
  }
}

async function* eventsOf(response: Response): AsyncGenerator<ReceivedEvent, void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
      if (data === undefined) continue;
      yield { id: lines.find((line) => line.startsWith('id: '))?.slice(4) ?? null, data };
    }
  }
  if (text !== '') throw new Error('the stream was cut inside an event');
}

interface Chunk {
  readonly choices?: readonly {
    readonly delta: { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
}

/** The text of the chunks. */
export function textOf(events: readonly ReceivedEvent[]): string {
  const chunks = events.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data) as Chunk);
  return chunks.map((chunk) => chunk.choices?.[0]?.delta.content ?? '').join('');
}

/** The indexes of the events' ids. */
export function indexesOf(events: readonly ReceivedEvent[]): number[] {
  return events.flatMap(({ id }) => (id === null ? [] : [Number(id.split(':')[1])]));
}
