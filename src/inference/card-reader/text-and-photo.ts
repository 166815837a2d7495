import type { Rectangle } from './card-frame.ts';

/** Where the photo is, in shares of the card's sides, with some room: its colours are no ink's. */
const PHOTO: Rectangle = { left: 0.69, top: 0.24, right: 1, bottom: 0.82 };
const WHOLE: Rectangle = { left: 0, top: 0, right: 1, bottom: 1 };

/** The card and its photo, of a page's picture of so much `scale`, in that picture's pixels. */
export function textAndPhoto(frame: Rectangle, scale: number): { text: Rectangle; photo: Rectangle } {
  const { bottom, left, right, top } = frame;
  const across = (share: number): number => scale * (left + share * (right - left));
  const down = (share: number): number => scale * (top + share * (bottom - top));
  const part = (shares: Rectangle): Rectangle => ({
    left: across(shares.left),
    top: down(shares.top),
    right: across(shares.right),
    bottom: down(shares.bottom),
  });
  return { text: part(WHOLE), photo: part(PHOTO) };
}
