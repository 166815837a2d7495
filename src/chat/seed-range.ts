import { KtpflowError } from '../errors.ts';

const NAME = Buffer.from('"seed"');
/** A body has one; more stand in texts and schemas. */
const MOST_PLACES = 64;
const VALUE = /^"seed"\s*:\s*(-?\d{19,})/;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/**
 * Looks for a seed beyond 64 bits in the bytes of a body: parsed, 2^63 - 1, which SDKs draw, and 2^63, which no engine
 * takes, are the same number.
 */
export function holdsSeedBeyond64Bits(bytes: Buffer): boolean {
  let at = bytes.indexOf(NAME);
  for (let place = 0; at >= 0 && place < MOST_PLACES; place++) {
    const isEscaped = bytes[at - 1] === 0x5c;
    const digits = VALUE.exec(bytes.subarray(at, at + 64).toString('latin1'))?.[1];
    if (digits !== undefined && !isEscaped) {
      const seed = BigInt(digits);
      if (seed < LEAST || seed > MOST) return true;
    }
    at = bytes.indexOf(NAME, at + NAME.length);
  }
  return false;
}

export function seedBeyond64Bits(): KtpflowError {
  return new KtpflowError('invalid_value', 'seed: must be a number of 64 bits.', { param: 'seed' });
}
