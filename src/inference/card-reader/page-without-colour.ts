import { withoutColour } from '../../media/renderings/without-colour.ts';
import type { Rectangle } from './card-frame.ts';
import type { InkedPage } from './clearest-print.ts';
import type { PagePicture } from './look-again.ts';
import { textAndPhoto } from './text-and-photo.ts';

/** A card's page with the coloured ink and paint over its text taken off; null where there is none. */
export function pageWithoutColour({ ink, raster, scale }: InkedPage, frame: Rectangle): PagePicture | null {
  const { photo, text } = textAndPhoto(frame, scale);
  const bare = withoutColour(raster, ink, text, photo);
  return bare && { raster: bare, scale };
}
