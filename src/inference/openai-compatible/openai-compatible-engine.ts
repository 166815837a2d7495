import { setTimeout as sleep } from 'node:timers/promises';
import { AbortScope } from '../../abort-scope.ts';
import type { Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import type { Engine, EngineCapabilities, EngineReadiness, GenerationPart, GenerationRequest } from '../engine.ts';
import { BrokenAnswer, EngineFault } from '../engine-fault.ts';
import { AnswerReader } from './answer.ts';
import { isDone } from './chunk.ts';
import { type Concessions, concede, NO_CONCESSIONS } from './concessions.ts';
import { describeServer, type ServerDescription } from './describe-server.ts';
import { readEventData } from './event-data.ts';
import { DEFAULT_TIMEOUTS, type OpenAiCompatibleOptions, type ServerKind } from './options.ts';
import { PrefixContinuation } from './prefix-continuation.ts';
import { toUpstreamBody } from './request-body.ts';
import { wantsThinking } from './steering.ts';
import { StreamWatch } from './stream-watch.ts';
import { UpstreamTokenizer } from './tokenizer.ts';
import { DEFAULT_RETRY_MS, failureOfConnection, UpstreamFailure } from './upstream-failure.ts';
import { createUpstreamHttp } from './upstream-http.ts';
import { versionOf } from './version.ts';

/** Tries before the first token; a longer trouble is the caller's to wait out. */
const MAX_TRIES = 3;
const MAX_RETRY_WAIT_MS = 10_000;

const READY_FOR_MS = 5_000;
const FAILED_FOR_MS = 1_000;

/** Model names whose chat template opens `<think>` in the prompt, so that only `</think>` comes. */
const STARTS_THINKING = /thinking/i;

/** A reader waits for the end of its stream: a tokenizer that takes longer is not waited for. */
const COUNTING_MS = 500;

const CONTINUES: ReadonlySet<ServerKind> = new Set(['vllm', 'sglang', 'llamacpp']);

/**
 * vLLM, SGLang, llama.cpp's server, Ollama or anything else behind /v1/chat/completions. What the server can do is
 * found out from its own answers, again and again, since it may be exchanged while we run.
 */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): Engine {
  const { id, modelId } = options;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const http = createUpstreamHttp({ baseUrl: options.baseUrl, apiKey: options.apiKey, engineId: id, timeouts });
  const tokenizer = new UpstreamTokenizer(http, modelId);
  const assumed: ServerDescription = { kind: options.serverKind ?? 'generic', contextLength: null, vision: null };
  let known: ServerDescription | null = null;
  let concessions = NO_CONCESSIONS;
  let asked: { readonly until: number; readonly answer: Promise<KtpflowError | null> } | null = null;

  /** Asks the server at most every few seconds; answers why it is not ready, or null. */
  function look(): Promise<KtpflowError | null> {
    if (asked && asked.until > Date.now()) return asked.answer;
    const answer = describeServer(http, { modelId, configuredKind: options.serverKind }).then(
      (description) => {
        if (known?.kind !== description.kind) {
          tokenizer.forget();
          concessions = NO_CONCESSIONS;
        }
        known = description;
        asked = { until: Date.now() + READY_FOR_MS, answer };
        return null;
      },
      (error: unknown) => {
        asked = { until: Date.now() + FAILED_FOR_MS, answer };
        return toKtpflowError(error);
      },
    );
    asked = { until: Number.POSITIVE_INFINITY, answer };
    return answer;
  }

  async function* answerOnce(
    request: GenerationRequest,
    signal: AbortSignal,
    granted: Concessions,
  ): AsyncGenerator<GenerationPart> {
    const { kind } = known ?? assumed;
    const continuation = request.prefix ? new PrefixContinuation(request.prefix) : null;
    const assistantPrefix = continuation?.sent ?? '';
    const body = toUpstreamBody(request, { engineId: id, kind, modelId, assistantPrefix, concessions: granted });
    // A grammar holds from the first token on: then there is no thinking.
    const isFree = request.responseFormat.type === 'text' && !request.constraint;
    const startsThinking = STARTS_THINKING.test(modelId) && isFree && wantsThinking(request.settings ?? {}) !== false;
    const reader = new AnswerReader({ engineId: id, continuation, startsThinking });
    const watch = new StreamWatch(timeouts);
    using either = new AbortScope([signal, watch.signal]);
    let isOpen = false;
    try {
      watch.arm();
      const response = await http.openStream(body, either.signal);
      isOpen = true;
      const events = readEventData(response, watch);
      let isDoneSaid = false;
      for await (const data of events) {
        // What stands behind the end is no part of the answer.
        if (isDoneSaid) continue;
        const isEnd = isDone(data);
        for (const piece of isEnd ? reader.done() : reader.read(data)) {
          watch.sawToken();
          yield { type: 'piece', piece };
        }
        // Read on to the end of the response, so that the connection can be used again.
        isDoneSaid = isEnd;
        if (isEnd) watch.sawDone();
        else if (reader.isSettled) watch.sawFinish();
      }
    } catch (error) {
      signal.throwIfAborted();
      // With its finish reason the answer is whole, whatever happens to the connection afterwards.
      const isWhole = reader.isSettled || (watch.signal.aborted && reader.finishReason !== null);
      const isBegun = request.prefix !== undefined || reader.text !== '';
      if (!isWhole) throw watch.signal.aborted ? watch.signal.reason : asFailure(error, { isOpen, isBegun });
    } finally {
      watch.close();
    }
    const { reason } = reader.end();
    yield { type: 'finish', reason, usage: await usageOf(request, reader, kind) };
  }

  /** The upstream's count, or its tokenizer's where it gives none; a continued answer is counted as one. */
  async function usageOf(request: GenerationRequest, reader: AnswerReader, kind: ServerKind): Promise<Usage | null> {
    const { usage, text } = reader;
    const count = (counted: string) => tokenizer.count(counted, kind, COUNTING_MS);
    if (usage && !request.prefix) return usage;
    if (usage) {
      const before = await count(request.prefix ?? '');
      return {
        ...usage,
        promptTokens: usage.promptTokens - (before ?? 0),
        completionTokens: usage.completionTokens + (before ?? 0),
        estimated: true,
      };
    }
    const prompt = request.messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
    );
    const promptTokens = await count(prompt.join('\n'));
    const completionTokens = await count((request.prefix ?? '') + text);
    if (promptTokens === null || completionTokens === null) return null;
    return { promptTokens, completionTokens, estimated: true };
  }

  return {
    id,
    kind: 'openai',
    modelId,
    maxImagePixels: options.maxImagePixels,
    get capabilities(): EngineCapabilities {
      const { kind, vision } = known ?? assumed;
      return {
        // Of a server that does not say, the operator knows: it is configured as the vision-language model.
        vision: vision ?? true,
        video: vision ?? true,
        jsonSchema: kind !== 'generic',
        continueFromPrefix: CONTINUES.has(kind),
        tools: true,
        logprobs: kind !== 'ollama',
        steering: true,
      };
    },
    async contextLength() {
      // On the way to a first token: what is known is not asked for again before going on.
      const looking = look();
      if (!known) await looking;
      return known?.contextLength ?? null;
    },
    async readiness(): Promise<EngineReadiness> {
      const error = await look();
      return { ready: error === null, error: error?.message ?? null };
    },
    version: () => versionOf(http, (known ?? assumed).kind, modelId),
    async *generate(request, { signal }) {
      signal.throwIfAborted();
      // A server that is down is found out by the request itself, with its retries.
      if (!known) await look();
      let granted = concessions;
      for (let tries = 1; ; tries++) {
        let begun = false;
        try {
          for await (const part of answerOnce(request, signal, granted)) {
            begun = true;
            // It helped: the next request need not be refused first.
            concessions = granted;
            yield part;
          }
          return;
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof KtpflowError) throw error;
          const failure = error instanceof UpstreamFailure ? error : failureOfConnection(error);
          const more = begun ? null : concede(granted, failure.refused, request, (known ?? assumed).kind);
          if (more) {
            granted = more;
            tries--;
            continue;
          }
          const wait = failure.retryAfterMs;
          // Whoever asks for the rest of an answer tries again by itself.
          const isOthers = request.prefix !== undefined && failure.error instanceof BrokenAnswer;
          if (begun || isOthers || tries === MAX_TRIES || wait === null || wait > MAX_RETRY_WAIT_MS)
            throw failure.error;
          await sleep(wait, undefined, { signal });
        }
      }
    },
    async countTokens(text) {
      if (!known) await look();
      return tokenizer.count(text, (known ?? assumed).kind);
    },
    close: () => http.close(),
  };
}

function asFailure(error: unknown, { isOpen, isBegun }: { isOpen: boolean; isBegun: boolean }): unknown {
  if (!isOpen || error instanceof KtpflowError) return error;
  if (error instanceof UpstreamFailure) return isBegun ? asReported(error) : error;
  const broken = new BrokenAnswer('The connection to the model server broke.', { cause: error });
  return new UpstreamFailure(broken, DEFAULT_RETRY_MS);
}

/** What a server says in mid-answer, be it that it is busy, it does not say because it is away for a moment. */
function asReported({ error, retryAfterMs }: UpstreamFailure): UpstreamFailure {
  const isPassing = retryAfterMs !== null && !(error instanceof EngineFault);
  return new UpstreamFailure(isPassing ? new EngineFault(error.message) : error, retryAfterMs);
}

function toKtpflowError(error: unknown): KtpflowError {
  if (error instanceof KtpflowError) return error;
  return error instanceof UpstreamFailure ? error.error : failureOfConnection(error).error;
}
