import { KtpflowError } from '../../errors.ts';
import type { Engine, EngineReadiness, GenerationPart, GenerationRequest } from '../engine.ts';
import { ThinkSplitter } from '../openai-compatible/think-splitter.ts';
import { ModelThread, type ModelThreadOptions } from './model-thread.ts';

export interface OnnxQwen3VlOptions extends ModelThreadOptions {
  readonly id: string;
  /** Name offered in /v1/models. */
  readonly modelId: string;
  readonly maxImagePixels: number;
  /** Loads the model at once; else when it is first asked for. */
  readonly eager: boolean;
}

/** Qwen3-VL on this machine's CPU, in a thread of its own. */
export function createOnnxQwen3VlEngine(options: OnnxQwen3VlOptions): Engine {
  const { id, modelId, maxImagePixels } = options;
  const thread = new ModelThread(options);
  if (options.eager) thread.start();

  function readiness(): EngineReadiness {
    thread.start();
    const { facts, fault } = thread;
    return { ready: fault === null, error: fault, warning: facts?.warning ?? null };
  }

  return {
    id,
    kind: 'onnx',
    modelId,
    maxImagePixels,
    capabilities: {
      vision: true,
      video: true,
      jsonSchema: true,
      continueFromPrefix: true,
      tools: false,
      logprobs: false,
    },
    contextLength: async () => {
      readiness();
      return thread.facts?.contextTokens ?? null;
    },
    tokenizerMaxLength: () => thread.facts?.tokenizerMaxLength ?? null,
    readiness: async () => readiness(),
    countTokens: async (text) => (thread.facts ? thread.countTokens(text) : null),
    async *generate(request, { signal }) {
      signal.throwIfAborted();
      readiness();
      yield* answer(thread, request, signal);
    },
    close: () => thread.close(),
  };
}

type Event =
  | { readonly kind: 'parts'; readonly parts: readonly GenerationPart[] }
  | { readonly kind: 'error'; readonly error: unknown };

/** Makes of what the thread tells what a reader asks for, part by part. */
async function* answer(
  thread: ModelThread,
  request: GenerationRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerationPart> {
  const events: Event[] = [];
  let wake = (): void => undefined;
  const push = (event: Event): void => {
    events.push(event);
    wake();
  };
  let splitter = new ThinkSplitter();
  const pieces = (segments: ReturnType<ThinkSplitter['push']>): GenerationPart[] =>
    segments.map(({ kind, text }) => ({
      type: 'piece',
      piece: kind === 'reasoning' ? { reasoning: text } : { content: text },
    }));
  // What was recorded of an answer was its content, and a grammar holds from the first token on: no thinking there.
  const plain = request.responseFormat.type !== 'text' || (request.prefix ?? '') !== '';
  const onAbort = (): void => push({ kind: 'error', error: signal.reason });
  const stop = thread.generate(request, {
    onBegin: (opensThinking) => {
      splitter = new ThinkSplitter({ opened: opensThinking });
    },
    onText: (text) =>
      push({
        kind: 'parts',
        parts: plain ? [{ type: 'piece', piece: { content: text } }] : pieces(splitter.push(text)),
      }),
    onFinish: ({ reason, usage }) =>
      push({ kind: 'parts', parts: [...(plain ? [] : pieces(splitter.end())), { type: 'finish', reason, usage }] }),
    onError: (error) => push({ kind: 'error', error }),
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      // Not waited for behind what has come already: an abort counts at once.
      if (signal.aborted) throw signal.reason;
      const event = events.shift();
      if (!event) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (event.kind === 'error') throw event.error ?? new KtpflowError('internal', 'The model gave no reason.');
      for (const part of event.parts) {
        yield part;
        if (part.type === 'finish') return;
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop();
  }
}
