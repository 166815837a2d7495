import type { Piece, Usage } from '../../chat/piece.ts';
import { KtpflowError } from '../../errors.ts';
import type { Engine, EngineMessage, GenerationPart, GenerationRequest } from '../engine.ts';
import { type JsonAnswer, readJsonAnswer } from './json-answer.ts';
import { compileSchema, type SchemaCheck } from './json-schema.ts';
import { tracedGeneration } from './trace-generation.ts';

/** Asked again at most twice, cooler first, then warmer: the same words at the same heat would fail the same way. */
const TEMPERATURES_WHEN_ASKED_AGAIN = [0.2, 0.6] as const;
/** Of a wrong answer, as much as is shown to the model again. */
const MAX_QUOTED_CHARACTERS = 4_000;

interface GenerateOptions {
  readonly signal: AbortSignal;
}

/**
 * Generates, and sees to it that `response_format` is kept. An engine that enforces it streams as ever and is checked
 * at the end; of any other one the answer is held back until it is complete and valid, repaired, or asked for again.
 * A cut answer (`length`) and calls of tools go out as they are.
 * @throws KtpflowError invalid_value (no schema), schema_not_satisfied, and as the engine
 */
export async function* generateChecked(
  engine: Engine,
  request: GenerationRequest,
  options: GenerateOptions,
): AsyncGenerator<GenerationPart> {
  const { responseFormat } = request;
  // Our own engine makes its JSON itself, by its own schema.
  if (responseFormat.type === 'text' || engine.kind === 'ppocr') {
    yield* tracedGeneration(engine, request, options);
    return;
  }
  const check = responseFormat.type === 'json_schema' ? await compileSchema(responseFormat.schema) : checkObject;
  // What a server can do is known once it was asked.
  await engine.readiness();
  if (engine.capabilities.jsonSchema) yield* generateEnforced(engine, request, check, options);
  else yield* generateHeldBack(engine, request, check, options);
}

async function checkObject(value: unknown): Promise<string | null> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'it is not a JSON object';
}

async function* generateEnforced(
  engine: Engine,
  request: GenerationRequest,
  check: SchemaCheck,
  options: GenerateOptions,
): AsyncGenerator<GenerationPart> {
  let text = request.prefix ?? '';
  for await (const part of tracedGeneration(engine, request, options)) {
    if (part.type === 'piece') text += part.piece.content ?? '';
    // What has been streamed cannot be taken back: there is no repair here.
    else if (part.reason === 'stop' && !(await isValid(text, check))) throw notSatisfied();
    yield part;
  }
}

async function isValid(text: string, check: SchemaCheck): Promise<boolean> {
  const answer = await readJsonAnswer(text, check);
  return answer.kind === 'valid' && !answer.repaired;
}

async function* generateHeldBack(
  engine: Engine,
  request: GenerationRequest,
  check: SchemaCheck,
  options: GenerateOptions,
): AsyncGenerator<GenerationPart> {
  const messages = withInstruction(request);
  let usage: Usage | null = null;
  let sampling = request.sampling;
  let wrong: { readonly text: string; readonly problem: string } | null = null;
  for (const temperature of [sampling.temperature, ...TEMPERATURES_WHEN_ASKED_AGAIN]) {
    sampling = { ...sampling, temperature };
    const asked = { ...request, messages: wrong ? [...messages, ...complaint(wrong)] : messages, sampling };
    const { pieces, text, finish } = await collect(tracedGeneration(engine, asked, options));
    usage = addUsage(usage, finish.usage);
    const answer: JsonAnswer =
      finish.reason === 'stop' ? await readJsonAnswer(text, check) : { kind: 'valid', text, repaired: false };
    if (answer.kind === 'valid') {
      for (const piece of answer.repaired ? repairedPieces(pieces, answer.text) : wholePieces(pieces)) {
        yield { type: 'piece', piece };
      }
      yield { ...finish, usage };
      return;
    }
    wrong = { text, problem: answer.problem };
  }
  throw notSatisfied();
}

async function collect(parts: AsyncIterable<GenerationPart>) {
  const pieces: Piece[] = [];
  for await (const part of parts) {
    if (part.type === 'piece') pieces.push(part.piece);
    else return { pieces, text: pieces.map((piece) => piece.content ?? '').join(''), finish: part };
  }
  throw new KtpflowError('upstream_failed', 'The engine ended its answer without saying why.', { retryable: true });
}

/** In one piece, so that a failover finds either all of the content or nothing. */
function wholePieces(pieces: readonly Piece[]): Piece[] {
  const content = pieces.map((piece) => piece.content ?? '').join('');
  const logprobs = pieces.flatMap((piece) => (piece.content === undefined ? [] : (piece.logprobs ?? [])));
  return [
    ...reasoningPieces(pieces),
    ...(content === '' ? [] : [{ content, ...(logprobs.length > 0 && { logprobs }) }]),
    ...pieces.flatMap(({ toolCalls }) => (toolCalls ? [{ toolCalls }] : [])),
  ];
}

/** The tokens of the answer are not those of the text that is shown: their probabilities stay out. */
function repairedPieces(pieces: readonly Piece[], content: string): Piece[] {
  return [...reasoningPieces(pieces), { content }];
}

function reasoningPieces(pieces: readonly Piece[]): Piece[] {
  const reasoning = pieces.map((piece) => piece.reasoning ?? '').join('');
  return reasoning === '' ? [] : [{ reasoning }];
}

/** The format, told in words to an engine that cannot be made to keep it; behind the caller's own system messages. */
function withInstruction({ messages, responseFormat }: GenerationRequest): EngineMessage[] {
  const text =
    responseFormat.type === 'json_schema'
      ? `Answer with JSON only, without any other text. It must satisfy this JSON schema:\n${JSON.stringify(responseFormat.schema)}`
      : 'Answer with one JSON object only, without any other text.';
  const [first, ...rest] = messages;
  // Many chat templates take only one system message, and only at the start.
  if (first?.role === 'system') {
    return [{ ...first, content: [...first.content, { type: 'text', text: `\n${text}` }] }, ...rest];
  }
  return [{ role: 'system', content: [{ type: 'text', text }] }, ...messages];
}

function complaint({ text, problem }: { text: string; problem: string }): EngineMessage[] {
  const quoted = text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
  const question = `That answer is not valid: ${problem}. Answer again, with the corrected JSON only.`;
  return [
    { role: 'assistant', content: [{ type: 'text', text: quoted }] },
    { role: 'user', content: [{ type: 'text', text: question }] },
  ];
}

/** All tries were paid for; where one has no count, the sum has none. */
function addUsage(sum: Usage | null, usage: Usage | null): Usage | null {
  if (!sum || !usage) return usage;
  return {
    ...usage,
    promptTokens: sum.promptTokens + usage.promptTokens,
    completionTokens: sum.completionTokens + usage.completionTokens,
    ...((sum.reasoningTokens !== undefined || usage.reasoningTokens !== undefined) && {
      reasoningTokens: (sum.reasoningTokens ?? 0) + (usage.reasoningTokens ?? 0),
    }),
    ...((sum.cachedTokens !== undefined || usage.cachedTokens !== undefined) && {
      cachedTokens: (sum.cachedTokens ?? 0) + (usage.cachedTokens ?? 0),
    }),
    ...((sum.estimated || usage.estimated) && { estimated: true }),
  };
}

function notSatisfied(): KtpflowError {
  return new KtpflowError('schema_not_satisfied', 'The model gave no answer that satisfies response_format.', {
    param: 'response_format',
  });
}
