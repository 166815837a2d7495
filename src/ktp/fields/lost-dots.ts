import type { FieldName } from '../field-names.ts';

/** Words that are printed with a dot as a rule, by field; a letter alone is one as well. */
const ABBREVIATIONS: Partial<Record<FieldName, ReadonlySet<string>>> = {
  nama: new Set(['MUH', 'MOH', 'MHD', 'ST', 'HJ', 'DR', 'DRS', 'DRA', 'IR', 'MD', 'PD', 'KOM', 'HUM']),
  alamat: new Set(['JL', 'JLN', 'NO', 'KP', 'KAMP', 'GG', 'KOMP', 'DSN', 'DUS', 'BR', 'LR', 'LRG', 'PERUM', 'BLK']),
};

/**
 * Whether a value holds an abbreviation without its dot. Cards print them either way, so that nothing tells a dot that was
 * not seen from one that is not there.
 */
export function mayHaveLostDots(name: FieldName, value: string | null): boolean {
  const abbreviations = ABBREVIATIONS[name];
  if (!abbreviations || value === null) return false;
  return value.split(' ').some((word) => abbreviations.has(word) || (name === 'nama' && /^\p{L},?$/u.test(word)));
}
