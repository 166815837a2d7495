import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { writeCsv } from '../../batch/results/csv.ts';
import { writeJson, writeNdjson } from '../../batch/results/json.ts';
import type { ResultRow } from '../../batch/results/result-row.ts';
import { writeXlsx } from '../../batch/results/xlsx.ts';
import { isPrematureClose } from '../http/premature-close.ts';
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
const ACCEPTED: readonly (readonly [type: string, format: Format])[] = [
  ['application/x-ndjson', 'ndjson'],
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  [TYPES.xlsx, 'xlsx'],
];

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
  // The first row is read before the headers go out: what fails at once is still a proper error.
  const first = await rows.next();
  const all = continued(first, rows);
  response.setHeader('content-type', TYPES[options.format]);
  response.setHeader('content-disposition', `attachment; filename="${batchId}.${options.format}"`);
  response.setHeader('cache-control', 'private, no-store');
  response.vary('accept');
  try {
    await pipeline(Readable.from(written(all, count, options)), response);
  } catch (error) {
    // A reader that went away is no fault of ours.
    if (!isPrematureClose(error)) throw error;
  }
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

async function* continued(first: IteratorResult<ResultRow>, rest: AsyncGenerator<ResultRow>) {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
