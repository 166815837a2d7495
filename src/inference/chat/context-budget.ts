import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import type { Engine, EngineMessage } from '../engine.ts';

/** What was left out of a conversation, for `context` of the answer and for /health. */
export interface ContextReport {
  readonly strategy: 'truncate';
  readonly droppedTurns: number;
  readonly droppedMessages: number;
  /** Tokens of the prompt before and after. */
  readonly promptTokensBefore: number;
  readonly promptTokens: number;
  readonly maxPromptTokens: number;
  readonly modelMaxContext: number;
  /** The engine has no tokenizer to ask: counted by the length of the text. */
  readonly estimated: boolean;
}

export interface ContextBudgetInput {
  readonly messages: readonly EngineMessage[];
  /** Tokens of the pictures of a message; text is counted here. */
  readonly mediaTokens: ReadonlyMap<EngineMessage, number>;
  /** Tokens of the tools' descriptions. */
  readonly toolTokens: number;
  readonly maxTokens: number;
  /** Whether the caller asked for `maxTokens`; the server's default gives way to a long prompt. */
  readonly maxTokensAsked: boolean;
  readonly engine: Engine;
  readonly config: Config;
}

export interface FittedContext {
  readonly messages: readonly EngineMessage[];
  readonly maxTokens: number;
  /** null: everything fits. */
  readonly report: ContextReport | null;
}

/** Role, separators and the like of one message in a chat template. */
const TOKENS_PER_MESSAGE = 8;
/** A token of the tokenizers in use is 3 to 4 bytes of Latin text; a budget had better be careful. */
const BYTES_PER_TOKEN = 3;
/** An answer shorter than this is of no use, whoever chose the limit. */
const MIN_ANSWER_TOKENS = 64;

/**
 * Fits a conversation into the model's context: leaves out its oldest turns, but never a system message nor the last
 * user's turn.
 * @throws KtpflowError context_length_exceeded where that is not enough, or not allowed (ENABLE_AUTO_COMPRESSION)
 */
export async function fitContext(input: ContextBudgetInput): Promise<FittedContext> {
  const { messages, engine, config, maxTokens, maxTokensAsked } = input;
  const model = (await engine.contextLength()) ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(model, config.CONTEXT_MAX_TOKENS_AUTO || Number.POSITIVE_INFINITY);
  const everything = { messages, maxTokens, report: null };
  // A limit, however it came about, and no reservation: clients send 32,000 to a model of 32,768.
  const answerTokens = (left: number) => Math.min(maxTokens, left);
  if (!Number.isFinite(limit)) return everything;

  const room = limit - config.CONTEXT_SAFETY_MARGIN;
  const smallest = Math.min(maxTokens, MIN_ANSWER_TOKENS);
  // Turns go only for an answer that could not be given else; without a limit of the caller's, for an ordinary one.
  const reserve = maxTokensAsked ? smallest : Math.min(maxTokens, Math.floor(room / 2));
  const budget = room - reserve;
  // No tokenizer makes more tokens of a text than it has bytes: short conversations need no counting.
  const atMost = bytesOf(messages) + overhead(input, messages);
  if (atMost <= budget) return { ...everything, maxTokens: answerTokens(room - atMost) };

  const before = await countPrompt(input, messages);
  const turns = splitTurns(messages);
  let kept = messages;
  let now = before;
  let dropped = 0;
  while (config.ENABLE_AUTO_COMPRESSION && now.tokens > budget && dropped < turns.length - 1) {
    dropped += turnsToDrop(turns.slice(dropped, -1), input, now, budget);
    const gone = new Set(turns.slice(0, dropped).flat());
    kept = messages.filter((message) => !gone.has(message));
    now = await countPrompt(input, kept);
  }
  if (now.tokens > room - smallest) {
    throw new KtpflowError(
      'context_length_exceeded',
      `The messages have about ${now.tokens} tokens, which leaves fewer than ${smallest} for the answer: the model's context holds ${limit}.`,
      { param: 'messages' },
    );
  }
  return {
    messages: kept,
    maxTokens: answerTokens(room - now.tokens),
    report:
      dropped === 0
        ? null
        : {
            strategy: config.COMPRESSION_STRATEGY,
            droppedTurns: dropped,
            droppedMessages: messages.length - kept.length,
            promptTokensBefore: before.tokens,
            promptTokens: now.tokens,
            maxPromptTokens: budget,
            modelMaxContext: limit,
            estimated: now.estimated,
          },
  };
}

interface Count {
  readonly tokens: number;
  readonly estimated: boolean;
}

async function countPrompt(input: ContextBudgetInput, messages: readonly EngineMessage[]): Promise<Count> {
  const counted = await input.engine.countTokens(messages.map(textOf).join('\n'));
  const text = counted ?? Math.ceil(bytesOf(messages) / BYTES_PER_TOKEN);
  return { tokens: text + overhead(input, messages), estimated: counted === null };
}

/** How many of the oldest turns have to go by the length of their text: a count for each would take too long. */
function turnsToDrop(
  turns: readonly (readonly EngineMessage[])[],
  input: ContextBudgetInput,
  now: Count,
  budget: number,
): number {
  let excess = now.tokens - budget;
  let count = 0;
  for (const turn of turns) {
    if (excess <= 0) break;
    excess -= Math.ceil(bytesOf(turn) / BYTES_PER_TOKEN) + messageOverhead(input, turn);
    count++;
  }
  return Math.max(1, count);
}

/** A user's message and what follows it; system messages belong to none. */
function splitTurns(messages: readonly EngineMessage[]): EngineMessage[][] {
  const turns: EngineMessage[][] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const last = turns.at(-1);
    // Several user messages in a row are one turn.
    const continues = last && (message.role !== 'user' || last.at(-1)?.role === 'user');
    if (continues) last.push(message);
    else turns.push([message]);
  }
  return turns;
}

function overhead(input: ContextBudgetInput, messages: readonly EngineMessage[]): number {
  return messageOverhead(input, messages) + input.toolTokens;
}

function messageOverhead(input: ContextBudgetInput, messages: readonly EngineMessage[]): number {
  return messages.reduce((sum, message) => sum + TOKENS_PER_MESSAGE + (input.mediaTokens.get(message) ?? 0), 0);
}

function bytesOf(messages: readonly EngineMessage[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(textOf(message)), 0);
}

function textOf({ content, reasoning, toolCalls }: EngineMessage): string {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return [...texts, ...(reasoning ? [reasoning] : []), ...(toolCalls ? [JSON.stringify(toolCalls)] : [])].join('\n');
}
