import { byStrength, type Level } from './level.ts';
import { ordinaryPhoto, render } from './photo.ts';

/** Saved as small as a form's limit asks for: the blocks of the JPEG show. */
export const blocks: Level = async (request) => {
  const quality = byStrength(request.strength, [40, 28, 18, 12]);
  return render(request, { ...ordinaryPhoto(request.random), passes: [{ quality }] });
};

/** The preview that a messenger keeps: 560 pixels at most at severe strength. */
export const thumbnail: Level = async (request) => {
  const side = byStrength(request.strength, [900, 760, 640, 560]);
  return render(request, { ...ordinaryPhoto(request.random), passes: [{ quality: 90 }, { side, quality: 75 }] });
};
