/** Nothing counts as darker than this, in 255ths of the local white: below is noise. */
const FLOOR = 10;
const DENSITIES = Float32Array.from({ length: 256 }, (_, share) => -Math.log(Math.max(FLOOR, share) / 255));

const BY_2 = 1 / Math.SQRT2;
const BY_6 = 1 / Math.sqrt(6);

/** How dark a pixel is, and its colour: how its channels' densities differ, across and along (0, 0 for grey). */
export interface Density {
  readonly grey: number;
  readonly x: number;
  readonly y: number;
}

/** The densities (logarithms of what is left of the white) of the pixel whose red, in 255ths, stands at `at`. */
export function densityOf(shares: Uint8Array, at: number): Density {
  const red = DENSITIES[shares[at] as number] as number;
  const green = DENSITIES[shares[at + 1] as number] as number;
  const blue = DENSITIES[shares[at + 2] as number] as number;
  return { grey: (red + green + blue) / 3, x: BY_2 * (red - green), y: BY_6 * (red + green - 2 * blue) };
}

/** Three channels, each pixel's with a half of its neighbours' each way: about what a JPEG's colours are of. */
export function smoothShares(shares: Uint8Array, width: number, height: number): Uint8Array {
  const rows = new Uint8Array(shares.length);
  const stride = 3 * width;
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < stride; column++, at++) {
      const before = column < 3 ? at : at - 3;
      const after = column >= stride - 3 ? at : at + 3;
      rows[at] = ((shares[before] as number) + 2 * (shares[at] as number) + (shares[after] as number) + 2) >> 2;
    }
  }
  const smooth = new Uint8Array(shares.length);
  for (let row = 0, at = 0; row < height; row++) {
    const up = row === 0 ? 0 : -stride;
    const down = row === height - 1 ? 0 : stride;
    for (let column = 0; column < stride; column++, at++) {
      smooth[at] = ((rows[at + up] as number) + 2 * (rows[at] as number) + (rows[at + down] as number) + 2) >> 2;
    }
  }
  return smooth;
}
