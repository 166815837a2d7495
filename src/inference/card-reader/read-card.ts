import { KtpflowError } from '../../errors.ts';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import { boundConfidence } from '../../ktp/fields/bound-confidence.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import { withoutSpotRemains } from '../../ktp/without-spot-remains.ts';
import { decodeImage } from '../../media/decode.ts';
import { applyHomography, composeHomographies } from '../../text-lines/homography.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import type { Rectangle } from './card-frame.ts';
import { findCard, ifLikely } from './find-card.ts';
import { findInRendering } from './find-in-rendering.ts';
import { isBlank } from './is-blank.ts';
import { isRefused, judgeQuality } from './judge-quality.ts';
import { boxToPicture, type Page, quarterTurn } from './page.ts';
import { readFoundCard } from './read-found-card.ts';
import { LIKELY } from './read-lines.ts';

export type ReadCardStage = 'preparing' | 'reading' | 'assembling';

export interface ReadCardOptions {
  /** Throw quality_rejected instead of answering a guess. Default false. */
  readonly rejectLowQuality?: boolean;
  readonly signal?: AbortSignal;
  readonly onStage?: (stage: ReadCardStage) => void;
}

export interface CardReading {
  readonly result: KtpResult;
  /** Milliseconds of decoding, of OCR, and of putting the fields together. */
  /** Clockwise, from the picture as its EXIF says to upright: where the fields' boxes lie. */
  readonly quarterTurns: number;
  /** The card's corners in the picture as its EXIF says, in shares of its sides; null: its edges are not known. */
  readonly corners: readonly { readonly x: number; readonly y: number }[] | null;
  readonly timingsMs: { readonly prepare: number; readonly ocr: number; readonly assemble: number };
}

const ROTATIONS = [0, 90, 180, 270] as const;

/** Name of the engine in results. */
export const OCR_ENGINE = 'PP-OCRv6-small';

/**
 * Reads a picture of a KTP from its file's bytes.
 * @throws KtpflowError as decodeImage; not_a_ktp; quality_rejected. Throws the signal's reason once it is aborted.
 */
export async function readCard(ocr: PpOcr, bytes: Uint8Array, options: ReadCardOptions = {}): Promise<CardReading> {
  const { signal, onStage } = options;
  const started = performance.now();
  onStage?.('preparing');
  signal?.throwIfAborted();
  const image = await decodeImage(bytes);
  if (isBlank(image.raster)) throw notACard(image.partial);
  const prepared = performance.now();
  onStage?.('reading');
  signal?.throwIfAborted();
  const plain = await findCard(ocr, image);
  const seen = ifLikely(plain) ?? (plain?.isOtherDocument ? null : await findInRendering(ocr, image, plain));
  if (!seen) throw notACard(image.partial);
  const looked = await readFoundCard(ocr, image, seen);
  const read = performance.now();
  onStage?.('assembling');
  signal?.throwIfAborted();
  const { found } = looked;
  const reading = found.card;
  if (found.likelihood < LIKELY) throw notACard(image.partial);

  const quality = judgeQuality({
    picture: found.picture,
    reduction: found.reduction,
    damaged: image.partial,
    overlay: looked.overlay,
    uncovered: looked.uncovered,
    card: reading,
    fields: looked.reading.fields,
  });
  if (options.rejectLowQuality && isRefused(quality)) {
    throw new KtpflowError('quality_rejected', `The picture is not good enough: ${quality.flags.join(', ')}.`);
  }
  const card = withoutSpotRemains(looked.reading, quality);
  const turns = -Math.round(reading.angle / (Math.PI / 2));
  const upright = quarterTurn(turns, image.raster);
  const page = { ...reading.page, toSource: composeHomographies(found.toImage, reading.page.toSource) };
  const fields = boundConfidence(card.fields, quality);
  for (const name of FIELD_NAMES) {
    const field = fields[name];
    const place = (box: readonly [number, number, number, number]) =>
      boxToPicture(box, page, upright.map, upright.size);
    if (field.box) fields[name] = { ...field, box: place(field.box) };
    const characters = field.characters?.map((character) => ({ ...character, box: place(character.box) }));
    if (characters) fields[name] = { ...fields[name], characters };
  }
  const result: KtpResult = {
    document: 'ktp',
    fields,
    compat: card.compat,
    checks: card.checks,
    quality,
    rotation: ROTATIONS[((turns % 4) + 4) % 4] ?? 0,
    engine: { strategy: 'ocr', ocr: OCR_ENGINE, vlm: null },
  };
  const finished = performance.now();
  const timingsMs = { prepare: prepared - started, ocr: read - prepared, assemble: finished - read };
  return { result, quarterTurns: turns, corners: cornersOf(reading.frame, page, image.raster), timingsMs };
}

function cornersOf(frame: Rectangle | null, { toSource }: Page, { height, width }: { width: number; height: number }) {
  if (!frame) return null;
  const { bottom, left, right, top } = frame;
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ].map((corner) => {
    const { x, y } = applyHomography(toSource, corner);
    return { x: x / width, y: y / height };
  });
}

function notACard(partial: boolean): KtpflowError {
  return partial
    ? new KtpflowError('quality_rejected', 'The image is damaged: what could be decoded shows no KTP.')
    : new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
}
