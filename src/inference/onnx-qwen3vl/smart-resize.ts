/** What the reference processor takes for its pictures; see preprocessor_config.json of a model. */
export interface PixelBudget {
  /** Pixels: height times width, of a video times its frames. */
  readonly minPixels: number;
  readonly maxPixels: number;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Side in pixels of what becomes one token: patches of 16, merged two by two. */
export const TOKEN_SIDE = 32;
/** Frames that become one patch in time; a still picture is taken twice. */
export const FRAMES_PER_PATCH = 2;
/** The reference refuses pictures that are longer than this many times their width. */
const MAX_ASPECT_RATIO = 200;

/** Python's round(): halves go to the even neighbour, where Math.round goes up. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/**
 * The size that the reference processor scales a picture to: sides are multiples of 32, the area lies in the budget,
 * the shape stays nearly the same.
 * @throws RangeError for a picture of more than 200:1
 */
export function smartResize({ width, height }: PixelSize, { minPixels, maxPixels }: PixelBudget): PixelSize {
  checkShape({ width, height });
  const rounded = { width: toSide(width), height: toSide(height) };
  // A side of less than half a token is rounded to nothing here, and enlarged below.
  const area = rounded.width * rounded.height;
  if (area > maxPixels) return shrink({ width, height }, Math.sqrt((height * width) / maxPixels));
  if (area < minPixels) return enlarge({ width, height }, Math.sqrt(minPixels / (height * width)));
  return rounded;
}

/** The same for the frames of a video: the budget is one of all of them. */
export function smartResizeVideo(frames: number, size: PixelSize, { minPixels, maxPixels }: PixelBudget): PixelSize {
  const grown = Math.max(1, TOKEN_SIDE / size.height, TOKEN_SIDE / size.width);
  const width = grown > 1 ? Math.trunc(size.width * grown) : size.width;
  const height = grown > 1 ? Math.trunc(size.height * grown) : size.height;
  checkShape({ width, height });
  const rounded = { width: toSide(width), height: toSide(height) };
  const volume = roundHalfToEven(frames / FRAMES_PER_PATCH) * FRAMES_PER_PATCH * rounded.width * rounded.height;
  if (volume > maxPixels) return shrink({ width, height }, Math.sqrt((frames * height * width) / maxPixels));
  if (volume < minPixels) return enlarge({ width, height }, Math.sqrt(minPixels / (frames * height * width)));
  return rounded;
}

function toSide(pixels: number): number {
  return roundHalfToEven(pixels / TOKEN_SIDE) * TOKEN_SIDE;
}

function shrink({ width, height }: PixelSize, by: number): PixelSize {
  const side = (pixels: number) => Math.max(TOKEN_SIDE, Math.floor(pixels / by / TOKEN_SIDE) * TOKEN_SIDE);
  return { width: side(width), height: side(height) };
}

function enlarge({ width, height }: PixelSize, by: number): PixelSize {
  const side = (pixels: number) => Math.ceil((pixels * by) / TOKEN_SIDE) * TOKEN_SIDE;
  return { width: side(width), height: side(height) };
}

function checkShape({ width, height }: PixelSize): void {
  if (Math.max(width, height) / Math.min(width, height) > MAX_ASPECT_RATIO) {
    throw new RangeError('the picture is more than 200 times as long as wide');
  }
}
