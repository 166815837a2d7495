import type { UnseenPlace } from '../../ktp/layout/unseen-places.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { type Homography, invertHomography, mapQuad } from '../../text-lines/homography.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';

/** A longer crop must keep what was read of the label, and read what it adds at least this well. */
const LEAST_CONFIDENCE = 0.5;
/** Behind the sex a blood group is one only with its label: what else is there was written across. */
const BLOOD_LABEL = /gol|darah/i;

/**
 * Reads labels again together with the places behind them where the detector saw no text: a single letter or a stroke is
 * easily overlooked. Answers all lines, or null where nothing more was read.
 */
export async function lookAtPlaces(
  ocr: PpOcr,
  picture: RasterPyramid,
  toPicture: Homography,
  lines: readonly TextLine[],
  places: readonly UnseenPlace[],
): Promise<TextLine[] | null> {
  const read = await ocr.recognise(
    picture,
    places.map(({ quad }) => mapQuad(toPicture, quad)),
    { ...CARD_LINES, emissions: true },
  );
  const back = invertHomography(toPicture);
  const longer = new Map<TextLine, TextLine>();
  for (const [index, { label, line }] of places.entries()) {
    const again = read[index];
    const isOwn = label !== 'gol_darah' || BLOOD_LABEL.test(line.text) || BLOOD_LABEL.test(again?.text ?? '');
    if (again && isOwn && says(again, line)) longer.set(line, { ...again, quad: mapQuad(back, again.quad) });
  }
  return longer.size > 0 ? lines.map((line) => longer.get(line) ?? line) : null;
}

/** Whether the longer reading begins with the label and says something behind it. */
function says(again: TextLine, line: TextLine): boolean {
  const bare = (text: string): string => text.replace(/[^A-Za-z0-9+/-]/g, '');
  const [whole, label] = [bare(again.text), bare(line.text)];
  const added = again.characters.slice(-(whole.length - label.length)).filter(({ text }) => text.trim() !== '');
  return (
    whole.length > label.length &&
    whole.slice(0, Math.ceil(0.6 * label.length)).toUpperCase() ===
      label.slice(0, Math.ceil(0.6 * label.length)).toUpperCase() &&
    added.every(({ confidence }) => confidence >= LEAST_CONFIDENCE)
  );
}
