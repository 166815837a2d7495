import { isWordingOf, PRINTED, type RowLabel } from '../../ktp/layout/labels.ts';
import { evenlySpaced } from '../../text-lines/evenly-spaced.ts';
import { pointBetween } from '../../text-lines/point-between.ts';
import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import { findLabelHits } from './label-hits.ts';
import { inDirection, longAxis, readAlong } from './text-direction.ts';

/** Least and most. */
type Range = readonly [number, number];

/** Where a label stands: its length, and how far it is indented and lies below the one before. */
interface Place {
  readonly label: RowLabel;
  /** In lengths of Kewarganegaraan. */
  readonly length: Range;
  /** In heights of the label before. */
  readonly indent: Range;
  readonly below: Range;
}

const FLUSH: Range = [-0.3, 0.35];
const NEXT_ROW: Range = [0.5, 1.25];
/** A second row of the value stands between them. */
const OR_AFTER_NEXT: Range = [0.5, 2.2];

/**
 * The column of labels from the name on, as 80 drawn cards of all printings and levels at moderate strength have it: their
 * lengths stay within these bounds whatever the type face is, and neighbours differ in them or are indented differently.
 */
const COLUMN: readonly Place[] = [
  { label: 'nama', length: [0.35, 0.42], indent: FLUSH, below: NEXT_ROW },
  { label: 'lahir', length: [0.85, 0.97], indent: FLUSH, below: OR_AFTER_NEXT },
  { label: 'jenis_kelamin', length: [0.73, 0.83], indent: FLUSH, below: OR_AFTER_NEXT },
  { label: 'alamat', length: [0.39, 0.48], indent: FLUSH, below: NEXT_ROW },
  { label: 'rt_rw', length: [0.4, 0.53], indent: [0.2, 1.8], below: OR_AFTER_NEXT },
  { label: 'kel_desa', length: [0.49, 0.62], indent: FLUSH, below: NEXT_ROW },
  { label: 'kecamatan', length: [0.59, 0.68], indent: FLUSH, below: NEXT_ROW },
  { label: 'agama', length: [0.4, 0.47], indent: [-1.75, -0.15], below: NEXT_ROW },
  { label: 'status_perkawinan', length: [0.97, 1.04], indent: FLUSH, below: NEXT_ROW },
  { label: 'pekerjaan', length: [0.55, 0.62], indent: FLUSH, below: NEXT_ROW },
  { label: 'kewarganegaraan', length: [1, 1], indent: FLUSH, below: OR_AFTER_NEXT },
  { label: 'berlaku_hingga', length: [0.8, 0.87], indent: FLUSH, below: NEXT_ROW },
];
/** Two neighbours' lengths are measured this exactly, and change by so much towards the far side of a slanted card. */
const TOLERANCE = 0.05;
/** The column is known only from labels that were read, so many of them and as well as this. */
const LEAST_READ = 2;
const CLEAR = 0.97;
/** What is read nevertheless: the shortest, which would tell a column of another document. */
const READ: ReadonlySet<RowLabel> = new Set(['nama']);

interface Box {
  readonly index: number;
  readonly length: number;
  readonly height: number;
  /** Where it begins, along the text and across. */
  readonly along: number;
  readonly across: number;
}

/**
 * The lines of the labels that need not be read, by the index of their quad, since where they stand tells them: two and more
 * labels of the column were read clearly, and from them on up and down stands, row by row, a box as long as each label is and
 * as far indented, to the last. A quarter of what a card prints is labels, and none of it is news. None where one is
 * missing, joined with its value or out of place. `known` lines were read along `angle`, radians.
 */
export function labelsByPlace(
  quads: readonly Quad[],
  angle: number,
  known: ReadonlyMap<number, TextLine>,
): Map<number, TextLine> {
  const read = new Map<number, RowLabel>();
  for (const [index, line] of known) {
    const label = findLabelHits([line])[0]?.label;
    if (label === undefined || label === 'gol_darah' || label === 'nik' || line.confidence < CLEAR) continue;
    if (isWordingOf(label, line.text)) read.set(index, label);
  }
  if (read.size < LEAST_READ) return new Map();
  const boxes = quads.map((quad, index) => boxOf(quad, index, angle));
  const [[first, label] = [-1, 'nama' as const]] = read;
  const column = columnThrough(boxes, boxes[first], label);
  const isBorneOut = [...read].every(([index, name]) => column?.get(name)?.index === index);
  if (!column || !isBorneOut) return new Map();
  const confidence = Math.min(...[...read.keys()].map((index) => known.get(index)?.confidence ?? 0));
  const lines = new Map<number, TextLine>();
  for (const [name, { index }] of column) {
    const quad = quads[index];
    if (!quad || known.has(index) || READ.has(name)) continue;
    lines.set(index, evenlySpaced(PRINTED[name], readAlong(quad, angle), confidence));
  }
  return lines;
}

/** The boxes of all labels, from one of them up and down; null where one is not found. */
function columnThrough(boxes: readonly Box[], start: Box | undefined, label: RowLabel): Map<RowLabel, Box> | null {
  const from = COLUMN.findIndex((place) => place.label === label);
  if (!start || from < 0) return null;
  const column = new Map([[label, start]]);
  for (const step of [1, -1]) {
    let box: Box = start;
    for (let at = from; COLUMN[at + step]; at += step) {
      const [here, next] = [COLUMN[at] as Place, COLUMN[at + step] as Place];
      const found = boxes.filter((other) =>
        step > 0 ? isNext(other, next, box, here) : isNext(box, here, other, next),
      );
      const [nearest] = found.sort((p, q) => step * (p.across - q.across));
      if (!nearest) return null;
      column.set(next.label, nearest);
      box = nearest;
    }
  }
  return column;
}

/** Whether a box stands below another as one label does below the one before, and is as long against it. */
function isNext(box: Box, place: Place, before: Box, placeBefore: Place): boolean {
  const unit = before.height;
  const ratio = box.length / before.length;
  const [least, most] = place.length;
  const [leastBefore, mostBefore] = placeBefore.length;
  return (
    isWithin((box.across - before.across) / unit, place.below) &&
    isWithin((box.along - before.along) / unit, place.indent) &&
    isWithin(ratio, [(least / mostBefore) * (1 - TOLERANCE), (most / leastBefore) * (1 + TOLERANCE)])
  );
}

function isWithin(value: number, [least, most]: Range): boolean {
  return value >= least && value <= most;
}

function boxOf(quad: Quad, index: number, angle: number): Box {
  const [topLeft, , , bottomLeft] = readAlong(quad, angle);
  const start = inDirection(pointBetween(topLeft, bottomLeft, 0.5), angle);
  return { index, ...longAxis(quad), along: start.x, across: start.y };
}
