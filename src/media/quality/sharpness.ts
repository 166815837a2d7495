import type { Raster } from '../raster.ts';
import { lumaOf, quantile } from './luma.ts';

/**
 * How wide the edges of a line's letters are, in pixels of the crop: its contrast over its steepest slope, in the
 * worse of the two directions (motion blurs one of them). About 2-4 in a sharp crop 48 pixels high. Null where the crop
 * shows no print.
 */
export function edgeWidth(line: Raster): number | null {
  const { width, height } = line;
  const luma = lumaOf(line);
  const contrast = quantile(luma, 0.97) - quantile(luma, 0.03);
  if (contrast < 12 || width < 16 || height < 16) return null;
  const inner = (width - 2) * (height - 2);
  const across = new Uint8Array(inner);
  const down = new Uint8Array(inner);
  for (let y = 1, index = 0; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++, index++) {
      const at = y * width + x;
      // Twice the slope, which is at most 255.
      across[index] = Math.abs((luma[at + 1] as number) - (luma[at - 1] as number));
      down[index] = Math.abs((luma[at + width] as number) - (luma[at - width] as number));
    }
  }
  const steepest = Math.min(quantile(across, 0.985), quantile(down, 0.985)) / 2;
  return steepest > 0 ? contrast / steepest : null;
}
