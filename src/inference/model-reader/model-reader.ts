import type { Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import type { FieldName } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import { answerSchema, parseAnswer } from '../../ktp/vlm/answer-schema.ts';
import { ALL_QUESTIONS, askedFields, chooseQuestions, type Questions } from '../../ktp/vlm/choose-questions.ts';
import type { PrintedValues } from '../../ktp/vlm/printed-lines.ts';
import { promptFor } from '../../ktp/vlm/prompt.ts';
import { reconcile } from '../../ktp/vlm/reconcile.ts';
import { generateChecked } from '../chat/generate-checked.ts';
import type { Engine } from '../engine.ts';
import { cutOut } from './cut-out.ts';

export interface ModelReaderOptions {
  readonly engine: Engine;
  /** Whether the engine has passed its canary. */
  readonly isTrusted: () => boolean;
  /** What a card may be delayed by, in milliseconds; 0: `auto` never asks. */
  readonly budgetMs: number;
}

export interface ModelReaderInput {
  readonly result: KtpResult;
  readonly image: Uint8Array;
  readonly quarterTurns: number;
  readonly strategy: 'auto' | 'ocr' | 'vlm' | 'hybrid';
  readonly signal: AbortSignal;
}

/** What of an answer a field takes at most, and what the braces take. */
const TOKENS_PER_FIELD = 40;

/** Why a model was not of help; shown among the checks of a card. */
const FAULTS = {
  model_not_ready: 'The vision-language model was not ready: the card was read by OCR alone.',
  model_too_slow: 'The vision-language model did not answer in time: the card was read by OCR alone.',
  model_failed: 'The vision-language model gave no usable answer: the card was read by OCR alone.',
  model_not_believed: 'The vision-language model read known fields wrong: nothing of its answer was taken.',
} as const;

/**
 * Lets a vision-language model finish what OCR has left doubtful: one call for all doubtful fields of a card, on
 * cut-outs. Whatever the engine does, the reading by OCR is there, within the budget.
 * @returns the reading, the milliseconds that the model took, and its tokens; null: none was asked, or it told none
 * @throws KtpflowError only for the strategy `vlm`; the signal's reason once it is aborted
 */
export async function finishByModel(
  options: ModelReaderOptions | undefined,
  input: ModelReaderInput,
): Promise<FinishedReading> {
  const { result, strategy } = input;
  const wanted = strategy === 'vlm' || strategy === 'hybrid' || (strategy === 'auto' && (options?.budgetMs ?? 0) > 0);
  if (!wanted || !options) return { result, generateMs: 0, usage: null };
  const questions = strategy === 'vlm' ? ALL_QUESTIONS : chooseQuestions(result, { thorough: strategy === 'hybrid' });
  if (questions.doubtful.length === 0) {
    return { result: strategy === 'hybrid' ? named(result, strategy, null) : result, generateMs: 0, usage: null };
  }
  const started = performance.now();
  const { outcome, usage } = await ask(options, input, questions);
  const generateMs = performance.now() - started;
  input.signal.throwIfAborted();
  if (typeof outcome === 'string') {
    if (strategy === 'vlm') throw new KtpflowError('upstream_failed', FAULTS[outcome], { retryable: false });
    // An engine that is away is no news to somebody who did not ask for it.
    if (strategy === 'auto' && outcome === 'model_not_ready') return { result, generateMs: 0, usage };
    return { result: withFault(named(result, 'hybrid', null), outcome, questions.doubtful), generateMs, usage };
  }
  const ocr = strategy === 'vlm' ? { ...result, fields: emptied(result.fields) } : result;
  const { believed, checks, compat, fields } = reconcile(ocr, outcome, questions, options.isTrusted());
  const finished = { ...result, fields, checks, compat };
  const read = named(finished, strategy === 'vlm' ? 'vlm' : 'hybrid', options.engine.modelId);
  return { result: believed ? read : withFault(read, 'model_not_believed', questions.doubtful), generateMs, usage };
}

type Fault = keyof typeof FAULTS;

interface FinishedReading {
  readonly result: KtpResult;
  readonly generateMs: number;
  readonly usage: Usage | null;
}

interface Asked {
  readonly outcome: PrintedValues | Fault;
  readonly usage: Usage | null;
}

async function ask(
  { budgetMs, engine }: ModelReaderOptions,
  { image, quarterTurns, result, signal, strategy }: ModelReaderInput,
  questions: Questions,
): Promise<Asked> {
  const names = askedFields(questions);
  // A timer of our own: AbortSignal.timeout in AbortSignal.any may be forgotten by Node 20's garbage collection.
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort(new Error('the budget of the card is used up'));
  }, budgetMs || DEFAULT_BUDGET_MS);
  try {
    if (!(await within(stop.signal, engine.readiness())).ready) return { outcome: 'model_not_ready', usage: null };
    const fields = strategy === 'vlm' ? emptied(result.fields) : result.fields;
    const { parts, perField } = await within(stop.signal, cutOut(image, quarterTurns, fields, names));
    const { text, usage } = await within(stop.signal, answerOf(engine, names, parts, perField, stop.signal));
    return { outcome: parseAnswer(text, names) ?? 'model_failed', usage };
  } catch {
    return { outcome: late ? 'model_too_slow' : 'model_failed', usage: null };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** For strategies that were asked for by name where `auto` is switched off. */
const DEFAULT_BUDGET_MS = 30_000;

async function answerOf(
  engine: Engine,
  names: readonly FieldName[],
  parts: Awaited<ReturnType<typeof cutOut>>['parts'],
  perField: boolean,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly usage: Usage | null }> {
  const request = {
    messages: [
      { role: 'user' as const, content: [...parts, { type: 'text' as const, text: promptFor(names, perField) }] },
    ],
    sampling: { maxTokens: 32 + names.length * TOKENS_PER_FIELD, temperature: 0 },
    responseFormat: { type: 'json_schema' as const, name: 'ktp_fields', schema: answerSchema(names) },
  };
  let text = '';
  let usage: Usage | null = null;
  for await (const part of generateChecked(engine, request, { signal })) {
    if (part.type === 'piece') text += part.piece.content ?? '';
    else usage = part.usage;
  }
  return { text, usage };
}

/** What comes too late is not waited for, whether or not the engine minds its signal. */
function within<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function named(result: KtpResult, strategy: 'vlm' | 'hybrid', vlm: string | null): KtpResult {
  return { ...result, engine: { ...result.engine, strategy, vlm } };
}

function withFault(result: KtpResult, code: Fault, fields: readonly FieldName[]): KtpResult {
  return { ...result, checks: [...result.checks, { code, level: 'info', fields: [...fields], message: FAULTS[code] }] };
}

/** Nothing read: for a card that the model reads alone. */
function emptied(fields: KtpResult['fields']): KtpResult['fields'] {
  const empty = { value: null, raw: null, confidence: 0, source: 'vlm' as const, box: null, warnings: [] };
  return Object.fromEntries(Object.keys(fields).map((name) => [name, empty])) as unknown as KtpResult['fields'];
}
