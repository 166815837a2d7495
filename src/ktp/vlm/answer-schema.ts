import { z } from 'zod';
import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import type { PrintedValues } from './printed-lines.ts';

/** The longest that a card prints, by field; 40 where nothing is said. */
const MAX_LENGTH: Partial<Record<FieldName, number>> = {
  nik: 20,
  nama: 80,
  alamat: 100,
  rt: 4,
  rw: 4,
  tgl_lahir: 12,
  tgl_terbit: 12,
  gol_darah: 6,
};
const DEFAULT_MAX_LENGTH = 48;

/** JSON schema of the answer to some questions: each field as it is printed, or null. */
export function answerSchema(names: readonly FieldName[]): Record<string, unknown> {
  const property = (name: FieldName) => ({
    anyOf: [{ type: 'string', maxLength: MAX_LENGTH[name] ?? DEFAULT_MAX_LENGTH }, { type: 'null' }],
  });
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, property(name)])),
    required: [...names],
    additionalProperties: false,
  };
}

const answerShape = z.record(z.string(), z.string().nullable());
/** Words by which models say that they could not read something. */
const NOTHING = /^(|-+|\?+|n\/?a|null|none|tidak (terbaca|ada|jelas)|unreadable|unknown)$/i;

/** The values of an answer, for the questions that were asked only. @returns null where it is none */
export function parseAnswer(text: string, names: readonly FieldName[]): PrintedValues | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = answerShape.safeParse(json);
  if (!parsed.success) return null;
  const asked = FIELD_NAMES.filter((name) => names.includes(name));
  return Object.fromEntries(asked.map((name) => [name, cleaned(name, parsed.data[name])]));
}

function cleaned(name: FieldName, value: string | null | undefined): string | null {
  const text = (value ?? '').replace(/\s+/g, ' ').trim();
  // On a card a dash is what stands there where the blood group is not known.
  if (name === 'gol_darah' && /^-+$/.test(text)) return '-';
  return NOTHING.test(text) ? null : text;
}
