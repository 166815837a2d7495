import { KTP_OCR_MODEL } from '../../contract/engine-status.ts';
import { KtpflowError } from '../../errors.ts';
import { type ConfidenceTable, withConfidenceTable } from '../../ktp/confidence-table.ts';
import { type KtpResult, ktpResultSchema } from '../../ktp/schema.ts';
import { readFirstCard } from '../documents/read-first-card.ts';
import type { Engine, EngineReadiness, GenerationPart, GenerationRequest } from '../engine.ts';

/** Name of the published schema that asks for the full shape. */
const FULL_SCHEMA_NAME = 'ktp';
/** A reader of a stream sees the answer in so many parts: it is there at once, but clients expect more than one. */
const PARTS = 8;

const READINESS: Readonly<Record<'loading' | 'ready' | 'failed', EngineReadiness>> = {
  loading: { ready: false, error: 'The OCR models are being loaded.' },
  ready: { ready: true, error: null },
  failed: { ready: false, error: 'The OCR models cannot be loaded.' },
};

export interface KtpOcrDependencies {
  /** Reads cards; the pool of the card reader. */
  readonly pool: {
    readonly state: 'loading' | 'ready' | 'failed';
    read(bytes: Uint8Array, options: { readonly signal: AbortSignal }): Promise<{ readonly result: KtpResult }>;
  };
  /** What confidences are worth on the operator's own cards. */
  readonly confidenceTable?: ConfidenceTable | undefined;
}

/**
 * The card reader as a chat model: the picture that the user showed last is read, and the answer is the KTP as JSON, in
 * the compatible shape, or in full where the request says so. JSON cannot be taken back, so it is streamed only once
 * it is assembled and checked.
 */
export function createKtpOcrEngine({ confidenceTable, pool }: KtpOcrDependencies): Engine {
  return {
    id: 'pp-ocr',
    kind: 'ppocr',
    modelId: KTP_OCR_MODEL,
    // The reader scales by itself, from all the pixels that there are.
    maxImagePixels: null,
    capabilities: {
      vision: true,
      video: false,
      jsonSchema: true,
      // Reading a card again gives the same text: what was recorded of it is dropped.
      continueFromPrefix: false,
      tools: false,
      logprobs: false,
    },
    contextLength: async () => null,
    countTokens: async () => null,
    readiness: async () => READINESS[pool.state],
    async *generate(request, { signal }): AsyncGenerator<GenerationPart> {
      signal.throwIfAborted();
      const shape = shapeOf(request);
      const { result: read } = await readFirstCard(pool, lastImage(request), { signal });
      const result = withConfidenceTable(read, confidenceTable);
      const answer = JSON.stringify(shape === 'full' ? ktpResultSchema.parse(result) : result.compat);
      for (const content of splitText(answer, PARTS)) yield { type: 'piece', piece: { content } };
      yield { type: 'finish', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0 } };
    },
    // The pool is not ours to close.
    close: async () => undefined,
  };
}

/** @throws KtpflowError invalid_value for a schema that is not ours */
function shapeOf({ responseFormat, metadata }: GenerationRequest): 'compatible' | 'full' {
  if (responseFormat.type === 'json_schema') {
    if (responseFormat.name === FULL_SCHEMA_NAME) return 'full';
    throw new KtpflowError(
      'invalid_value',
      `The model ${KTP_OCR_MODEL} answers only with its own schema, which is named ${FULL_SCHEMA_NAME}.`,
      { param: 'response_format.json_schema.name' },
    );
  }
  return metadata?.shape === 'full' ? 'full' : 'compatible';
}

/** @throws KtpflowError missing_image */
function lastImage({ messages }: GenerationRequest): Uint8Array {
  const shown = messages.flatMap(({ content, role }) => (role === 'user' ? content : []));
  // A question about the card of an earlier turn is answered by that card.
  const image = shown.findLast((part) => part.type === 'image');
  if (image) return image.bytes;
  throw new KtpflowError('missing_image', `The model ${KTP_OCR_MODEL} needs an image in a user message.`, {
    param: 'messages',
  });
}

/** Never between the halves of a character. */
function splitText(text: string, parts: number): string[] {
  const characters = [...text];
  const size = Math.ceil(characters.length / parts);
  return Array.from({ length: parts }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  ).filter((part) => part !== '');
}
