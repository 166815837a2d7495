import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { writeCsv } from '../../batch/results/csv.ts';
import { writeJson, writeNdjson } from '../../batch/results/json.ts';
import type { ResultRow } from '../../batch/results/result-row.ts';
import { writeXlsx } from '../../batch/results/xlsx.ts';
import type { RESULT_FORMATS } from './request-schema.ts';

export interface ResultsOptions {
  readonly format: (typeof RESULT_FORMATS)[number];
  /** CSV only. */
  readonly bom: boolean;
  /** CSV only. */
  readonly spreadsheet: boolean;
}

const TYPES: Readonly<Record<ResultsOptions['format'], string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/**
 * Streams the results; a page of rows is all that is in memory. A failure in the middle breaks the connection, so that
 * half a file is not taken for a whole one.
 */
export async function sendResults(
  response: Response,
  batchId: string,
  rows: AsyncGenerator<ResultRow>,
  options: ResultsOptions,
): Promise<void> {
  // The first row is read before the headers go out: what fails at once is still a proper error.
  const first = await rows.next();
  const all = continued(first, rows);
  response.setHeader('content-type', TYPES[options.format]);
  response.setHeader('content-disposition', `attachment; filename="${batchId}.${options.format}"`);
  response.setHeader('cache-control', 'private, no-store');
  try {
    await pipeline(Readable.from(written(all, options)), response);
  } catch (error) {
    // A reader that went away is no fault of ours.
    if (!isPrematureClose(error)) throw error;
  }
}

/** The reader closed the connection: what our own rows throw is another error. */
function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function written(
  rows: AsyncGenerator<ResultRow>,
  { format, bom, spreadsheet }: ResultsOptions,
): AsyncGenerator<string | Buffer> {
  if (format === 'json') return writeJson(rows);
  if (format === 'csv') return writeCsv(rows, { byteOrderMark: bom || spreadsheet, guardDigits: spreadsheet });
  if (format === 'xlsx') return writeXlsx(rows);
  return writeNdjson(rows);
}

async function* continued(first: IteratorResult<ResultRow>, rest: AsyncGenerator<ResultRow>) {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
