import type { Raster } from '../raster.ts';
import { lumaOf, quantile } from './luma.ts';

/** Darker than so far from the line's print to its paper is ink. */
const INK = 0.5;

/** Whether pixels of a line (a picture of it alone) are ink: by how dark its print and its paper are. */
export function inkOfLine(line: Raster): (x: number, y: number) => boolean {
  const luma = lumaOf(line);
  const print = quantile(luma, 0.02);
  const threshold = print + INK * (quantile(luma, 0.8) - print);
  return (x, y) => (luma[y * line.width + x] as number) < threshold;
}
