import { parseNik } from './nik.ts';

const MOST = 50;

/**
 * The different numbers in a text that can be NIKs: sixteen digits that stand alone, with a day and a month. At most 50.
 */
export function findNiks(text: string): string[] {
  const found = new Set<string>();
  for (const [digits] of text.matchAll(/(?<!\d)\d{16}(?!\d)/g)) {
    const parts = parseNik(digits);
    if (parts && parts.day >= 1 && parts.day <= 31 && parts.month >= 1 && parts.month <= 12) found.add(digits);
    if (found.size === MOST) break;
  }
  return [...found];
}
