import type { PageSize, TextLine } from '../text-lines/text-line.ts';
import { type CardForm, cardForm } from './card-form.ts';
import { toCompatibleCard } from './compat.ts';
import { FIELD_NAMES, type FieldName } from './field-names.ts';
import { withAlternatives, withRawAlternative } from './fields/alternatives.ts';
import { confidenceOf } from './fields/confidence.ts';
import { type FieldReadings, readFields } from './fields/read-fields.ts';
import type { Reading } from './fields/reading.ts';
import { sexOf } from './fields/reconcile-birth.ts';
import { holdAgainstRivals } from './fields/rivals.ts';
import { type UnseenPlace, unseenPlaces } from './layout/unseen-places.ts';
import { ktpLikelihood } from './likelihood.ts';
import { checkCard } from './rules/checks.ts';
import { parseIsoDate } from './rules/dates.ts';
import { nikDateCode } from './rules/nik.ts';
import type { Field, KtpResult } from './schema.ts';
import { boxOf, characterBoxes } from './text/spans.ts';

export interface KtpReading {
  readonly fields: KtpResult['fields'];
  readonly checks: KtpResult['checks'];
  readonly compat: KtpResult['compat'];
  /** 0-1: that the lines are a KTP at all. */
  readonly likelihood: number;
  /** Places behind labels where nothing was seen. */
  readonly unseen: readonly UnseenPlace[];
  /** What tells a card from another document with its labels. */
  readonly form: CardForm;
}

/** Whether some lines are a KTP, which costs a small part of reading its fields: nothing is searched in probabilities. */
export function likenessOf(lines: readonly TextLine[]): Pick<KtpReading, 'likelihood' | 'form'> {
  return likeness(lines, readFields(lines));
}

function likeness(lines: readonly TextLine[], { layout, readings }: FieldReadings) {
  return { likelihood: ktpLikelihood(lines, layout, readings), form: cardForm(lines, layout, readings) };
}

/**
 * Reads a KTP's fields out of the lines of an upright page (pixels of that page). `isCovered`: a stamp or words lie over it,
 * of which letters may stand behind a value. Never throws.
 */
export function readKtp(lines: readonly TextLine[], page: PageSize, isCovered = false): KtpReading {
  const read = readFields(lines, isCovered);
  const { layout, readings } = read;
  const birthCode = printedBirthCode(readings);
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, toField(name, readings[name], page, birthCode)]),
  ) as Record<FieldName, Field>;
  return {
    fields,
    checks: checkCard(fields),
    compat: toCompatibleCard(fields),
    unseen: unseenPlaces(layout),
    ...likeness(lines, read),
  };
}

/** DDMMYY as a NIK would code the date of birth and sex that a card prints; undefined where they were not read. */
function printedBirthCode({ jenis_kelamin, tgl_lahir }: FieldReadings['readings']): string | undefined {
  const date = tgl_lahir.source === 'ocr' ? parseIsoDate(tgl_lahir.value ?? '') : undefined;
  const sex = sexOf(jenis_kelamin.value);
  return date && sex && jenis_kelamin.source === 'ocr' ? nikDateCode(date, sex) : undefined;
}

/** Fields of which each character has a box of its own: one misread digit makes them another. */
const SPELLED: ReadonlySet<FieldName> = new Set<FieldName>(['nik', 'tgl_lahir', 'berlaku_hingga', 'tgl_terbit']);

function toField(name: FieldName, reading: Reading, page: PageSize, birthCode: string | undefined): Field {
  const box = boxOf(reading.spans, page);
  const spelled = SPELLED.has(name) && /\d/.test(reading.value ?? '') && reading.spans.length > 0;
  const { confidence, rivals } = holdAgainstRivals(name, reading, confidenceOf(name, reading), birthCode);
  const field = withRawAlternative(name, {
    value: reading.value,
    raw: reading.raw,
    confidence,
    source: reading.source,
    box: box ? [...box] : null,
    warnings: [...reading.warnings],
    ...(spelled ? { characters: characterBoxes(reading.spans, page) } : {}),
  });
  return withAlternatives(field, rivals);
}
