import type { ErrorCode } from '../../errors.ts';
import type { CompatibleCard, KtpResult } from '../../ktp/schema.ts';

/** An item's outcome, as every format of a batch's results shows it. */
export interface ResultRow {
  readonly index: number;
  readonly custom_id: string | null;
  readonly name: string | null;
  readonly status: 'queued' | 'running' | 'needs_review' | 'succeeded' | 'failed' | 'cancelled';
  readonly result: KtpResult | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean } | null;
}

const CARD_COLUMNS: readonly (readonly [header: string, read: (card: CompatibleCard) => string])[] = [
  ['nik', (card) => card.nik],
  ['nama', (card) => card.nama],
  ['tempat_lahir', (card) => card.tempat_lahir],
  ['tgl_lahir', (card) => card.tgl_lahir],
  ['jenis_kelamin', (card) => card.jenis_kelamin],
  ['gol_darah', (card) => card.gol_darah],
  ['alamat', (card) => card.alamat.name],
  ['rt_rw', (card) => card.alamat.rt_rw],
  ['kel_desa', (card) => card.alamat.kel_desa],
  ['kecamatan', (card) => card.alamat.kecamatan],
  ['agama', (card) => card.agama],
  ['status_perkawinan', (card) => card.status_perkawinan],
  ['pekerjaan', (card) => card.pekerjaan],
  ['kewarganegaraan', (card) => card.kewarganegaraan],
  ['berlaku_hingga', (card) => card.berlaku_hingga],
  ['provinsi', (card) => card.provinsi],
  ['kabupaten_kota', (card) => card.kabupaten_kota],
];

/** Header of the flat formats, CSV and XLSX. The message came later: it stands last, so that no column has moved. */
export const TABLE_HEADER: readonly string[] = [
  'index',
  'custom_id',
  'name',
  'status',
  'error_code',
  ...CARD_COLUMNS.map(([header]) => header),
  'error_message',
];

/** Cells of a row, without anything that a spreadsheet would run or that its file could not hold. */
export function tableCells(row: ResultRow): [index: number, ...texts: string[]] {
  const card = row.result?.compat;
  const texts = [
    row.custom_id ?? '',
    row.name ?? '',
    row.status,
    row.error?.code ?? '',
    ...CARD_COLUMNS.map(([, read]) => (card ? read(card) : '')),
    row.error?.message ?? '',
  ];
  return [row.index, ...texts.map(harmlessText)];
}

/** How a spreadsheet recognises a formula, also after it has dropped what it takes for blanks. */
const FORMULA = /^[\s\p{Cc}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]./u;
/** XML 1.0 knows no way to write these. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;
const KEPT = new Set(['\t', '\n', '\r']);
/** A spreadsheet's cell holds no more. */
const MAX_CELL_LENGTH = 32_767;

/**
 * Text that a spreadsheet shows and never runs: what it would take for a formula gets an apostrophe in front (OWASP,
 * CSV Injection). File names and ids are the caller's, and what is read from a card is whatever somebody has printed.
 */
export function harmlessText(text: string): string {
  const writable = text.replace(UNWRITABLE, (character) => (KEPT.has(character) ? character : ''));
  const harmless = FORMULA.test(writable) || /^[\t\r\n]/.test(writable) ? `'${writable}` : writable;
  return harmless.slice(0, MAX_CELL_LENGTH);
}
