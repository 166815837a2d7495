import { withoutColour } from '../../media/renderings/without-colour.ts';
import type { Rectangle } from './card-frame.ts';
import type { InkedPage } from './clearest-print.ts';
import type { PagePicture } from './look-again.ts';

/** Where the photo is, in shares of the card's sides, with some room: its colours are no ink's. */
const PHOTO: Rectangle = { left: 0.69, top: 0.24, right: 1, bottom: 0.82 };
const WHOLE: Rectangle = { left: 0, top: 0, right: 1, bottom: 1 };

/** A card's page with the coloured ink and paint over its text taken off; null where there is none. */
export function pageWithoutColour({ ink, raster, scale }: InkedPage, frame: Rectangle): PagePicture | null {
  const bare = withoutColour(raster, ink, onCard(frame, scale, WHOLE), onCard(frame, scale, PHOTO));
  return bare && { raster: bare, scale };
}

/** A part of a card, in shares of its sides, in pixels of its page's picture. */
function onCard({ bottom, left, right, top }: Rectangle, scale: number, part: Rectangle): Rectangle {
  const across = (share: number): number => scale * (left + share * (right - left));
  const down = (share: number): number => scale * (top + share * (bottom - top));
  return { left: across(part.left), top: down(part.top), right: across(part.right), bottom: down(part.bottom) };
}
