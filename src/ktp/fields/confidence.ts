import { type Points, roundShare, worthOf } from '../calibration-points.ts';
import type { FieldName } from '../field-names.ts';
import type { Reading } from './reading.ts';

/**
 * What a confidence is made for: values of a closed form (lists, dates, numbers), free text, and values that were not
 * read but derived from other fields.
 */
export type Group = 'formed' | 'free' | 'derived';

/**
 * Calibration by group: a reading's score (see `scoreReading`) to the share of readings of that score that were right.
 * Pairs rise in both columns; between two the line is straight. Made by bench/fields/calibrate.ts on 600 cards of all
 * levels, mild to strong; lowered by hand where a bin held few readings, and below 0.9 for what was derived.
 */
export const CALIBRATION: Readonly<Record<Group, Points>> = {
  formed: [
    [0, 0.05],
    [0.31, 0.55],
    [0.57, 0.75],
    [0.69, 0.82],
    [0.78, 0.88],
    [0.9, 0.955],
    [0.99, 0.993],
    [1, 0.998],
  ],
  free: [
    [0, 0.02],
    [0.38, 0.13],
    [0.6, 0.31],
    [0.74, 0.43],
    [0.82, 0.77],
    [0.91, 0.91],
    [0.99, 0.973],
    [1, 0.994],
  ],
  derived: [
    [0, 0.55],
    [0.38, 0.75],
    [1, 0.88],
  ],
};

/** Names, addresses and places: text that no list or form holds whole. */
export const FREE: ReadonlySet<FieldName> = new Set<FieldName>([
  'nama',
  'tempat_lahir',
  'alamat',
  'kel_desa',
  'kecamatan',
  'pekerjaan',
  'tempat_terbit',
]);

/** Fields whose lists hold every value there is. */
const CLOSED: ReadonlySet<FieldName> = new Set<FieldName>([
  'jenis_kelamin',
  'agama',
  'status_perkawinan',
  'kewarganegaraan',
]);

export function groupOf(name: FieldName, reading: Reading): Group {
  if (reading.warnings.some((warning) => warning.startsWith('derived_from'))) return 'derived';
  // What no list knows is not better told for standing where a list should be: 4 of 5 such values were wrong.
  const isUnknown = CLOSED.has(name) && reading.warnings.includes('not_in_list');
  return isUnknown || (FREE.has(name) && !reading.evidence.listed) ? 'free' : 'formed';
}

/** The calibrated probability that a reading's value is right, 0-1; 0 for an unread field. */
export function confidenceOf(name: FieldName, reading: Reading): number {
  if (reading.value === null) return 0;
  const table = CALIBRATION[groupOf(name, reading)];
  return roundShare(worthOf(table, scoreReading(name, reading)));
}

/** What speaks for a reading, 0-1: a monotone mix of its evidence, not yet a probability. */
export function scoreReading(name: FieldName, reading: Reading): number {
  const { evidence } = reading;
  // One doubtful digit of a NIK is a doubtful NIK; a word bears one better.
  const weight = name === 'nik' ? 0.7 : 0.45;
  let score = (1 - weight) * evidence.meanCharacter + weight * evidence.leastCharacter;
  if (evidence.listed) score = 1 - (1 - score) * 0.6;
  if (evidence.labelQuality === 0) score *= 0.8;
  if (evidence.cut) score *= 0.7;
  if (evidence.nextToLoss) score *= 0.87;
  if (reading.warnings.includes('malformed')) score *= 0.2;
  if (reading.warnings.includes('not_in_list')) score *= UNLISTED[name] ?? 1;
  score -= Math.min(0.4, evidence.snapShare * 0.8) + Math.min(0.3, evidence.oddCharacters * 0.1);
  if (evidence.agreement > 0) score = 1 - (1 - score) * 0.3;
  if (evidence.agreement < 0) score *= 0.75;
  if (reading.source === 'derived') score *= 0.95;
  return Math.min(1, Math.max(0, score));
}

/** What a value is worth that should be of a list and is not: little where the list is complete. */
const UNLISTED: Readonly<Partial<Record<FieldName, number>>> = {
  provinsi: 0.4,
  kabupaten_kota: 0.5,
  jenis_kelamin: 0.4,
  gol_darah: 0.4,
  agama: 0.4,
  status_perkawinan: 0.4,
  kewarganegaraan: 0.4,
  berlaku_hingga: 0.4,
  pekerjaan: 0.65,
  tempat_terbit: 0.65,
  kel_desa: 0.8,
  kecamatan: 0.8,
};
