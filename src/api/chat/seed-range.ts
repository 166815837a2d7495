import type { IncomingMessage } from 'node:http';

const NAME = Buffer.from('"seed"');
/** A body has one; more stand in texts and schemas. */
const MOST_PLACES = 64;
const VALUE = /^"seed"\s*:\s*(-?\d{19,})/;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

const beyond = new WeakSet<IncomingMessage>();

/**
 * Looks for a seed beyond 64 bits in the bytes of a body: parsed, 2^63 - 1, which SDKs draw, and 2^63, which no engine
 * takes, are the same number.
 */
export function noteSeed(request: IncomingMessage, bytes: Buffer): void {
  let at = bytes.indexOf(NAME);
  for (let place = 0; at >= 0 && place < MOST_PLACES; place++) {
    const isEscaped = bytes[at - 1] === 0x5c;
    const digits = VALUE.exec(bytes.subarray(at, at + 64).toString('latin1'))?.[1];
    if (digits !== undefined && !isEscaped) {
      const seed = BigInt(digits);
      if (seed < LEAST || seed > MOST) beyond.add(request);
    }
    at = bytes.indexOf(NAME, at + NAME.length);
  }
}

export function holdsSeedBeyond64Bits(request: IncomingMessage): boolean {
  return beyond.has(request);
}
