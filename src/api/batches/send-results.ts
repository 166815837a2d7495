import type { Request, Response } from 'express';
import { writeCsv } from '../../batch/results/csv.ts';
import { writeJson, writeNdjson } from '../../batch/results/json.ts';
import type { ResultRow } from '../../batch/results/result-row.ts';
import { writeXlsx } from '../../batch/results/xlsx.ts';
import { begun, sendStream } from '../http/send-stream.ts';
import type { RESULT_FORMATS } from './request-schema.ts';

type Format = (typeof RESULT_FORMATS)[number];

export interface ResultsOptions {
  readonly format?: Format | undefined;
  /** CSV only. */
  readonly bom: boolean;
  /** CSV only. */
  readonly spreadsheet: boolean;
  /** CSV only. */
  readonly separator?: ',' | ';' | '\t' | undefined;
}

const TYPES: Readonly<Record<Format, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** What Accept may name, in the order in which a tie is decided: whoever takes anything gets NDJSON. */
const ACCEPTED: readonly (readonly [type: string, format: Format])[] = (
  [
    ['application/x-ndjson', 'ndjson'],
    ['application/json', 'json'],
    ['text/csv', 'csv'],
    [TYPES.xlsx, 'xlsx'],
    // Their other names.
    ['application/jsonl', 'ndjson'],
    ['application/csv', 'csv'],
    ['application/vnd.ms-excel', 'xlsx'],
  ] as const
)
  // With the charset that some callers add it is another type to Express.
  .flatMap(([type, format]) => [[type, format] as const, [`${type}; charset=utf-8`, format] as const]);

/** Some clients add this to every header: with it JSON is no wish of the caller. */
const ANYTHING = /(^|,)\s*\*\/\*\s*(,|$)/;

/** The format that was asked for by the query, else by the Accept header. */
export function formatOf(request: Request, { format }: ResultsOptions): Format {
  if (format !== undefined) return format;
  if (ANYTHING.test(request.get('accept') ?? '*/*')) return 'ndjson';
  const type = request.accepts(ACCEPTED.map(([name]) => name));
  return ACCEPTED.find(([name]) => name === type)?.[1] ?? 'ndjson';
}

/**
 * Streams the results; a page of rows is all that is in memory. A failure in the middle breaks the connection, so that
 * half a file is not taken for a whole one.
 */
export async function sendResults(
  response: Response,
  results: { readonly batchId: string; readonly rows: AsyncGenerator<ResultRow>; readonly count: number },
  options: ResultsOptions & { readonly format: Format },
): Promise<void> {
  const { batchId, count, rows } = results;
  const all = await begun(rows);
  response.setHeader('content-type', TYPES[options.format]);
  response.setHeader('content-disposition', `attachment; filename="${batchId}.${options.format}"`);
  response.setHeader('cache-control', 'private, no-store');
  response.vary('accept');
  await sendStream(response, written(all, count, options));
}

function written(
  rows: AsyncGenerator<ResultRow>,
  count: number,
  { format, bom, spreadsheet, separator = spreadsheet ? ';' : ',' }: ResultsOptions,
): AsyncGenerator<string | Buffer> {
  if (format === 'json') return writeJson(rows);
  if (format === 'csv') {
    return writeCsv(rows, { byteOrderMark: bom || spreadsheet, guardDigits: spreadsheet, separator });
  }
  if (format === 'xlsx') return writeXlsx(rows, count);
  return writeNdjson(rows);
}
