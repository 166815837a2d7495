import { AbortScope } from '../../abort-scope.ts';
import type { ChatMessage } from '../../chat/messages.ts';
import { type ChatRequest, constraintOf, countParts, maxTokensOf, responseFormatOf } from '../../chat/request.ts';
import { settingsOf } from '../../chat/steering.ts';
import { toolChoiceOf, toolsOf } from '../../chat/tools.ts';
import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import type { Engine, EngineMessage, GenerationRequest, Sampling } from '../engine.ts';
import { type ContextReport, fitContext } from './context-budget.ts';
import { resolvePart } from './resolve-media.ts';

/** Media of a request that are fetched at the same time; each is up to 15 MB, or 40 megapixels while it is scaled. */
const FETCHES_AT_ONCE = 4;

export interface PrepareGenerationOptions {
  readonly config: Config;
  readonly signal: AbortSignal;
  /** For requests without a seed: the same on each attempt, so that an engine that begins anew says the same again. */
  readonly seed?: number;
}

export interface PreparedGeneration extends GenerationRequest {
  /** What was left out to fit the model's context; absent: nothing. */
  readonly context?: ContextReport;
}

/**
 * Turns a checked body into what an engine takes: its abilities compared, media fetched and scaled, the conversation
 * fitted into the context, defaults filled in.
 * @throws KtpflowError unsupported_content_part, unsupported, context_length_exceeded, and as resolvePart; the
 * signal's reason once it is aborted
 */
export async function prepareGeneration(
  request: ChatRequest,
  engine: Engine,
  options: PrepareGenerationOptions,
): Promise<PreparedGeneration> {
  const { config, signal } = options;
  signal.throwIfAborted();
  // Also finds out what the engine can do, where that is a server's to say.
  await engine.contextLength();
  checkCapabilities(request, engine);
  const { messages, mediaTokens } = await resolveMessages(request.messages, engine, options);
  const tools = toolsOf(request);
  const toolChoice = toolChoiceOf(request);
  const constraint = constraintOf(request);
  const settings = engine.capabilities.steering ? settingsOf(request) : undefined;
  const fitted =
    engine.kind === 'ppocr'
      ? { messages, maxTokens: config.MAX_TOKENS, report: null }
      : await fitContext({
          messages,
          mediaTokens,
          toolTokens: tools ? Math.ceil(JSON.stringify(tools).length / 3) : 0,
          maxTokens: maxTokensOf(request) ?? config.MAX_TOKENS,
          maxTokensAsked: maxTokensOf(request) !== undefined,
          engine,
          config,
        });
  signal.throwIfAborted();
  return {
    messages: fitted.messages,
    sampling: samplingOf(request, options, fitted.maxTokens),
    responseFormat: responseFormatOf(request),
    ...(tools && { tools }),
    ...(tools && toolChoice !== undefined && { toolChoice }),
    ...(constraint && { constraint }),
    ...(settings && { settings }),
    ...(request.metadata && { metadata: request.metadata }),
    ...(fitted.report && { context: fitted.report }),
  };
}

function checkCapabilities(request: ChatRequest, { id, capabilities }: Engine): void {
  const refuse = (what: string, param: string, code: 'unsupported' | 'unsupported_content_part' = 'unsupported') => {
    throw new KtpflowError(code, `The engine ${id} takes no ${what}.`, { param });
  };
  if (!capabilities.vision && countParts(request, 'image') > 0)
    refuse('images', 'messages', 'unsupported_content_part');
  if (!capabilities.video && countParts(request, 'video') > 0) refuse('videos', 'messages', 'unsupported_content_part');
  if (!capabilities.tools && toolsOf(request)) refuse('tools', 'tools');
  const constraint = constraintOf(request);
  // Without steering, or by itself, the answer would be free text without a word of it.
  if (!capabilities.steering && constraint) refuse(constraint.param, constraint.param);
  if (!capabilities.logprobs && request.logprobs) refuse('logprobs', 'logprobs');
}

async function resolveMessages(
  messages: readonly ChatMessage[],
  engine: Engine,
  { config, signal }: PrepareGenerationOptions,
): Promise<{ messages: EngineMessage[]; mediaTokens: Map<EngineMessage, number> }> {
  const failed = new AbortController();
  using either = new AbortScope([signal, failed.signal]);
  const jobs = messages.flatMap((message, at) =>
    (message.content ?? []).map((part, index) => ({ part, param: `messages[${at}].content[${index}]`, message })),
  );
  const resolved = await mapSome(jobs, FETCHES_AT_ONCE, async ({ part, param, message }) => ({
    message,
    ...(await resolvePart(part, param, { config, maxImagePixels: engine.maxImagePixels, signal: either.signal })),
  })).catch((error: unknown) => {
    // One bad part is enough to refuse the request: the others need not be waited for.
    failed.abort();
    throw error;
  });
  const mediaTokens = new Map<EngineMessage, number>();
  const byMessage = new Map<ChatMessage, typeof resolved>();
  for (const entry of resolved) {
    const parts = byMessage.get(entry.message);
    if (parts) parts.push(entry);
    else byMessage.set(entry.message, [entry]);
  }
  const prepared = messages.map((message) => {
    const own = byMessage.get(message) ?? [];
    const ready = toEngineMessage(
      message,
      own.map(({ part }) => part),
    );
    mediaTokens.set(
      ready,
      own.reduce((sum, entry) => sum + entry.mediaTokens, 0),
    );
    return ready;
  });
  return { messages: prepared, mediaTokens };
}

function toEngineMessage(message: ChatMessage, content: EngineMessage['content']): EngineMessage {
  switch (message.role) {
    case 'tool':
      return { role: 'tool', content, toolCallId: message.tool_call_id };
    case 'assistant':
      return {
        role: 'assistant',
        content,
        ...(message.name !== undefined && { name: message.name }),
        ...(message.tool_calls && message.tool_calls.length > 0 && { toolCalls: message.tool_calls }),
        ...(message.reasoning && { reasoning: message.reasoning }),
      };
    default:
      return {
        // Current models have no developer role.
        role: message.role === 'developer' ? 'system' : message.role,
        content,
        ...(message.name !== undefined && { name: message.name }),
      };
  }
}

function samplingOf(request: ChatRequest, options: PrepareGenerationOptions, maxTokens: number): Sampling {
  const { config } = options;
  const seed = request.seed === undefined ? options.seed : exactSeed(request.seed);
  const repetitionPenalty = request.repetition_penalty ?? request.repeat_penalty;
  const assumed = (['temperature', 'seed'] as const).filter((name) => request[name] === undefined);
  return {
    maxTokens,
    temperature: request.temperature ?? config.TEMPERATURE,
    ...(request.top_p !== undefined && { topP: request.top_p }),
    // Some write "off" as -1, others as 0: it is off where it is not sent.
    ...(request.top_k !== undefined && request.top_k > 0 && { topK: request.top_k }),
    ...(request.stop && request.stop.length > 0 && { stop: request.stop }),
    ...(seed !== undefined && { seed }),
    ...(request.presence_penalty !== undefined && { presencePenalty: request.presence_penalty }),
    ...(request.frequency_penalty !== undefined && { frequencyPenalty: request.frequency_penalty }),
    ...(repetitionPenalty !== undefined && { repetitionPenalty }),
    ...(request.logprobs && { logprobs: true, topLogprobs: request.top_logprobs ?? 0 }),
    ...(assumed.length > 0 && { assumed }),
  };
}

/** A seed that JavaScript holds only nearly is folded into 31 bits: the same seed gives the same answer all the same. */
function exactSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  const bits = BigInt(seed);
  return Number(BigInt.asUintN(31, bits ^ (bits >> 31n)));
}

/** Promise.all with at most `limit` at a time, in order. */
async function mapSome<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const run = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, run));
  return results;
}
