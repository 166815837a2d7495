import { labelLine, rowsToLabels } from '../../ktp/layout/rows-to-labels.ts';
import { foldCharacter } from '../../ktp/text/spans.ts';
import { findPrintRows, type PrintRows, type RowsPlace } from '../../media/quality/print-rows.ts';
import { type Raster, RasterPyramid } from '../../media/raster.ts';
import { type Joint, joinStrokes } from '../../media/renderings/join-strokes.ts';
import { decodeEmissions } from '../../text-lines/ctc.ts';
import { meanEmissions } from '../../text-lines/mean-emissions.ts';
import { pointBetween } from '../../text-lines/point-between.ts';
import type { Point, Quad, TextLine } from '../../text-lines/text-line.ts';
import type { PpOcr } from '../ppocr/ppocr.ts';
import { CARD_LINES } from '../ppocr/recognition.ts';
import { type Look, linesOnRaster, lookOf, type PagePicture } from './look-again.ts';

/** How strokes in pieces are joined: none of these suits all letters, and what they agree on is sure. */
const JOINTS: readonly Joint[] = [
  { spread: 0.65, gain: 1.7 },
  { spread: 0.8, gain: 2 },
];
const NIK_DIGITS = 16;
/** How far left of the NIK's digits the labels begin, in the digits' distance. */
const LABELS_LEFT = 7.1;
/** Half of a crop's height and its room at the ends, in the rows' distance. */
const VALUE_HALF = 0.5;
const LABEL_HALF = 0.56;
const ROOM_BEFORE = 0.3;
const ROOM_BEHIND = 0.4;

/**
 * Looks at the rows below a NIK where print so broken stands that neither labels nor values are found in it: at the places
 * that their ink tells, with strokes joined in several ways. Labels are told by the order of the rows. Null where no NIK was
 * read, or no rows are below it.
 */
export async function lookAtRows(ocr: PpOcr, plain: PagePicture, lines: readonly TextLine[]): Promise<Look | null> {
  const { raster, scale } = plain;
  const onPicture = linesOnRaster(lines, scale);
  const place = placeBelowNik(onPicture);
  const rows = place && findPrintRows(raster, place);
  if (!rows) return null;
  const pictures = [raster, ...JOINTS.map((joint) => joinStrokes(raster, joint))];
  const { fronts, values } = quadsOf(place, rows);
  const labels = rowsToLabels(await readTogether(ocr, pictures.slice(1, 2), fronts));
  const given = fronts.flatMap((quad, row) => {
    const label = labels[row];
    return label ? [labelLine(label, quad)] : [];
  });
  const from = labels.findIndex((label) => label !== undefined);
  const read = await readTogether(ocr, pictures, values.slice(from).flat());
  const top = onPicture.filter(({ quad }) => isAbove(quad, place, rows));
  return lookOf(plain, new RasterPyramid(raster), [...top, ...given, ...read]);
}

/** Reads quads in several pictures of one size, and takes the mean of what is said of each. */
async function readTogether(ocr: PpOcr, pictures: readonly Raster[], quads: readonly Quad[]): Promise<TextLine[]> {
  const all: TextLine[][] = [];
  for (const picture of pictures) {
    all.push(await ocr.recognise(new RasterPyramid(picture), quads, { ...CARD_LINES, emissions: true }));
  }
  return quads.flatMap((quad, index) => {
    const emissions = meanEmissions(all.flatMap((lines) => lines[index]?.emissions ?? []));
    return emissions ? [{ ...decodeEmissions(emissions), quad, emissions, brokenWidth: widthOf(quad) }] : [];
  });
}

/** How wide the print in a value's crop is, in the distance of two rows. */
function widthOf([topLeft, topRight, , bottomLeft]: Quad): number {
  const pitch = Math.hypot(bottomLeft.x - topLeft.x, bottomLeft.y - topLeft.y) / (2 * VALUE_HALF);
  return Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y) / pitch - ROOM_BEFORE - ROOM_BEHIND;
}

/** Where the rows below the NIK are; null where that was not read. */
function placeBelowNik(lines: readonly TextLine[]): RowsPlace | null {
  for (const line of lines) {
    const digits = line.characters.filter(({ text }) => /\d/.test(foldCharacter(text)));
    const [first, last] = [digits[0], digits.at(-1)];
    if (!first || !last || digits.length < NIK_DIGITS || line.confidence < LEAST_CONFIDENCE) continue;
    const [topLeft, topRight, bottomRight, bottomLeft] = line.quad;
    const start = pointBetween(topLeft, bottomLeft, 0.5);
    const end = pointBetween(topRight, bottomRight, 0.5);
    const length = Math.hypot(end.x - start.x, end.y - start.y);
    const step = ((last.position - first.position) * length) / (digits.length - 1);
    const angle = Math.atan2(end.y - start.y, end.x - start.x);
    const left = pointBetween(start, end, first.position - step / 2 / length);
    return { ...left, angle, unit: unitOf(lines, line, left, angle, step) };
  }
  return null;
}

const LEAST_CONFIDENCE = 0.9;

/** How far left of the NIK's digits its label begins. */
function unitOf(lines: readonly TextLine[], nik: TextLine, left: Point, angle: number, step: number): number {
  const usual = LABELS_LEFT * step;
  const starts = lines
    .filter((line) => line === nik || /^N[I1l]K/i.test(line.text))
    .map(({ quad: [topLeft, , , bottomLeft] }) => pointBetween(topLeft, bottomLeft, 0.5))
    .filter(({ x, y }) => Math.abs((y - left.y) * Math.cos(angle) - (x - left.x) * Math.sin(angle)) < step)
    .map(({ x, y }) => (left.x - x) * Math.cos(angle) + (left.y - y) * Math.sin(angle));
  const farthest = Math.max(...starts);
  return Math.abs(farthest / usual - 1) < 0.25 ? farthest : usual;
}

interface RowQuads {
  readonly fronts: readonly Quad[];
  readonly values: readonly (readonly Quad[])[];
}

function quadsOf(place: RowsPlace, { angle, middles, pitch, stretches, valueLeft }: PrintRows): RowQuads {
  const at = (along: number, down: number): Point => ({
    x: place.x + along * Math.cos(angle) - down * Math.sin(angle),
    y: place.y + along * Math.sin(angle) + down * Math.cos(angle),
  });
  const quad = (from: number, to: number, middle: number, half: number): Quad => [
    at(from, middle - half),
    at(to, middle - half),
    at(to, middle + half),
    at(from, middle + half),
  ];
  return {
    fronts: middles.map((middle) =>
      quad(-place.unit - 0.4 * pitch, valueLeft - 0.5 * pitch, middle, LABEL_HALF * pitch),
    ),
    values: stretches.map((row, index) =>
      row.map(({ from, to }) =>
        quad(from - ROOM_BEFORE * pitch, to + ROOM_BEHIND * pitch, middles[index] ?? 0, VALUE_HALF * pitch),
      ),
    ),
  };
}

/** Whether a line stands above the rows. */
function isAbove([topLeft, , bottomRight]: Quad, { x, y }: RowsPlace, { angle, middles, pitch }: PrintRows): boolean {
  const middle = pointBetween(topLeft, bottomRight, 0.5);
  const down = (middle.y - y) * Math.cos(angle) - (middle.x - x) * Math.sin(angle);
  return down < (middles[0] ?? 0) - 0.8 * pitch;
}
