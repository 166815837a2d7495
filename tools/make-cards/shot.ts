import type { FieldName } from '../../src/ktp/field-names.ts';
import type { DrawnCard } from './draw-card.ts';
import { type Homography, type Pair, project } from './homography.ts';
import type { Raster } from './raster.ts';

/** A picture under way: what the lens sees so far, and where the card and its values are in it. */
export interface Shot {
  raster: Raster;
  readonly card: DrawnCard;
  /** Card pixels to picture pixels. */
  readonly view: Homography;
  /** Share of the print's visibility that is lost at a pixel, 0-1 (fingers, glare, what others lie on top). */
  readonly loss: Float32Array;
}

/** Corners of a value in the picture, clockwise from its top left. */
export function fieldQuad(shot: Pick<Shot, 'card' | 'view'>, field: FieldName): Pair[] {
  const box = shot.card.boxes.get(field);
  if (box === undefined) return [];
  const [left, top, right, bottom] = box;
  return [
    project(shot.view, left, top),
    project(shot.view, right, top),
    project(shot.view, right, bottom),
    project(shot.view, left, bottom),
  ];
}

/** More than this share of a column of print gone makes the column unreadable. */
const COLUMN_LOST = 0.45;
/** An unreadable stretch this long, in heights of the print, hides at least most of a letter. */
const STRETCH = 0.3;

/** Share of print lost at a point of the card, 1 outside the picture. */
function lossAt(shot: Shot, x: number, y: number): number {
  const [px, py] = project(shot.view, x, y);
  const column = Math.floor(px);
  const row = Math.floor(py);
  if (column < 1 || row < 1 || column >= shot.raster.width - 1 || row >= shot.raster.height - 1) return 1;
  return shot.loss[row * shot.raster.width + column] as number;
}

/** Fields of which at least a letter cannot be seen. */
export function hiddenFields(shot: Shot): FieldName[] {
  const hidden: FieldName[] = [];
  for (const [field, [left, top, right, bottom]] of shot.card.boxes) {
    const step = Math.min(bottom - top, right - left) / 12;
    const lineHeight = shot.card.lineHeight;
    let run = 0;
    let longest = 0;
    for (let x = left; x <= right; x += step) {
      let lost = 0;
      let rows = 0;
      for (let y = top + step; y < bottom; y += step, rows++) lost += lossAt(shot, x, y);
      run = lost / rows > COLUMN_LOST ? run + step : 0;
      longest = Math.max(longest, run);
    }
    if (longest > STRETCH * Math.min(bottom - top, lineHeight)) hidden.push(field);
  }
  return hidden;
}
