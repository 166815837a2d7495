/**
 * Writes one RGB pixel between four others, bilinear: `fx` towards p01 and p11, `fy` towards p10 and p11, 0-1. V8 puts it
 * into the loops that call it. The places (bytes) have to lie in the data: nothing is checked.
 */
export function blendPixel(
  data: Uint8Array,
  p00: number,
  p01: number,
  p10: number,
  p11: number,
  fx: number,
  fy: number,
  output: Uint8Array,
  at: number,
): void {
  const w11 = fx * fy;
  const w10 = fy - w11;
  const w01 = fx - w11;
  const w00 = 1 - fx - w10;
  output[at] =
    (data[p00] as number) * w00 +
    (data[p01] as number) * w01 +
    (data[p10] as number) * w10 +
    (data[p11] as number) * w11 +
    0.5;
  output[at + 1] =
    (data[p00 + 1] as number) * w00 +
    (data[p01 + 1] as number) * w01 +
    (data[p10 + 1] as number) * w10 +
    (data[p11 + 1] as number) * w11 +
    0.5;
  output[at + 2] =
    (data[p00 + 2] as number) * w00 +
    (data[p01 + 2] as number) * w01 +
    (data[p10 + 2] as number) * w10 +
    (data[p11 + 2] as number) * w11 +
    0.5;
}
