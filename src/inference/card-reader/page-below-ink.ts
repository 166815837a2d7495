import type { Raster } from '../../media/raster.ts';
import { printAlone, SOFT } from '../../media/renderings/ink-alone.ts';
import { printBelowInk } from '../../media/renderings/print-below-ink.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import { boxAround } from './box-around.ts';
import type { Rectangle } from './card-frame.ts';
import { clearPrint, type InkedPage, onRaster } from './clearest-print.ts';
import { textAndPhoto } from './text-and-photo.ts';

/** By so much of the card's width its photo may lie elsewhere: print there tells of no ink, but nothing is lost for that. */
const PHOTO_ROOM = 0.06;

/** A card's page without the inks over its text, which are taken off by their densities. */
export interface PageBelowInk {
  /** Its black print alone. */
  readonly raster: Raster;
  /** The same with faint strokes left. */
  readonly soft: () => Raster;
}

/** A card's page below the inks over its text; null where there are none. */
export function pageBelowInk(
  { ink, raster, scale }: InkedPage,
  frame: Rectangle,
  lines: readonly TextLine[],
): PageBelowInk | null {
  const { photo } = textAndPhoto(frame, scale);
  const text = boxOf(onRaster(lines, scale).map(boxAround));
  const room = PHOTO_ROOM * (text.right - text.left);
  const around = { left: photo.left - room, top: photo.top - room, right: photo.right, bottom: photo.bottom + room };
  const print = printBelowInk(raster, ink.white, { text, photo: around });
  if (!print) return null;
  const boxes = clearPrint(lines, scale);
  return {
    raster: printAlone(print, raster, boxes),
    soft: () => printAlone(print, raster, boxes, SOFT),
  };
}

/** The smallest box that holds some: beyond the text colours are those of what the card lies on. */
function boxOf(boxes: readonly Rectangle[]): Rectangle {
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}
