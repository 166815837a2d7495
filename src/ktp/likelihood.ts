import type { CardLayout } from './layout.ts';
import type { Reading } from './reading.ts';
import type { FieldName } from './schema.ts';

/**
 * How likely the lines are a KTP, 0-1: labels that only a KTP has in this order, a province above them, and values of
 * the expected form. Other cards share single labels (a driving licence has a name and an address), never their row.
 */
export function ktpLikelihood(layout: CardLayout, readings: Readonly<Record<FieldName, Reading>>): number {
  let points = 0;
  for (const { label, quality } of layout.anchors) points += quality * (COMMON_LABELS.has(label) ? 0.4 : 1);
  if (readings.provinsi.evidence.listed) points += 1;
  if (readings.kabupaten_kota.evidence.listed) points += 0.7;
  if (readings.nik.value?.length === 16) points += 1;
  for (const name of ['agama', 'status_perkawinan', 'kewarganegaraan', 'berlaku_hingga'] as const) {
    if (readings[name].evidence.listed) points += 0.5;
  }
  return 1 / (1 + Math.exp(-1.5 * (points - 4)));
}

/** Labels that many other documents have too. */
const COMMON_LABELS: ReadonlySet<string> = new Set(['nama', 'alamat', 'lahir', 'jenis_kelamin', 'pekerjaan', 'nik']);
