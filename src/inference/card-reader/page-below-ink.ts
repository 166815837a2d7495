import { printAlone } from '../../media/renderings/ink-alone.ts';
import { printBelowInk } from '../../media/renderings/print-below-ink.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import type { Rectangle } from './card-frame.ts';
import { clearPrint, type InkedPage } from './clearest-print.ts';
import type { PagePicture } from './look-again.ts';
import { textAndPhoto } from './text-and-photo.ts';

/** The black print of a card's page with the inks over its text taken off by their densities; null where there are none. */
export function pageBelowInk(
  { ink, raster, scale }: InkedPage,
  frame: Rectangle,
  lines: readonly TextLine[],
): PagePicture | null {
  const print = printBelowInk(raster, ink.white, textAndPhoto(frame, scale));
  return print && { raster: printAlone(print, raster, clearPrint(lines, scale)), scale };
}
