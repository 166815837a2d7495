import type { FieldName } from '../field-names.ts';

/** Words that are printed with a dot as a rule, by field; a letter alone is one as well. */
const ABBREVIATIONS: Partial<Record<FieldName, ReadonlySet<string>>> = {
  nama: new Set(['MUH', 'MOH', 'MHD', 'ST', 'HJ', 'DR', 'DRS', 'DRA', 'IR', 'MD', 'PD', 'KOM', 'HUM']),
  alamat: new Set(['JL', 'JLN', 'NO', 'KP', 'KAMP', 'GG', 'KOMP', 'DSN', 'DUS', 'BR', 'LR', 'LRG', 'PERUM', 'BLK']),
};

/**
 * A value with a dot behind each abbreviation that has none. Cards print them either way, so that nothing tells a dot that
 * was not seen from one that is not there.
 */
export function withDots(name: FieldName, value: string): string {
  const abbreviations = ABBREVIATIONS[name];
  if (!abbreviations) return value;
  const isShort = (word: string): boolean => abbreviations.has(word) || (name === 'nama' && /^\p{L},?$/u.test(word));
  return value
    .split(' ')
    .map((word) => (isShort(word) ? word.replace(/,?$/, '.$&') : word))
    .join(' ');
}
