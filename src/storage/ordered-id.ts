import { randomBytes } from 'node:crypto';

const TIME_DIGITS = 12;
const RANDOM_BYTES = 10;

/**
 * An id whose text order is the order of making, to the millisecond: PREFIX, time, 80 random bits, in hexadecimal. A list
 * goes on behind an id even when its row is gone.
 */
export function orderedId(prefix: string, at: Date): string {
  const time = at.getTime().toString(16).padStart(TIME_DIGITS, '0');
  return `${prefix}${time}${randomBytes(RANDOM_BYTES).toString('hex')}`;
}
