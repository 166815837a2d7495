import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, batchSchema, isFinal } from '../batch-schema.ts';
import type { Connection } from '../connect.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { askAfterInterrupt } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { duration, progressBar } from '../progress-bar.ts';
import { type BatchOptions, batchBodyOf } from '../sources/batch-body.ts';

const LOOK_EVERY_MS = 1_000;
const FORMATS: Readonly<Record<string, string>> = {
  '.xlsx': 'xlsx',
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

export interface BatchCommandOptions {
  /** Where the results go; `-` is stdout. */
  readonly out: string | undefined;
  readonly format: string | undefined;
  /** A batch to go on watching, instead of a new one. */
  readonly resume: string | undefined;
  /** Only hand it in. */
  readonly detach: boolean;
  /** CSV for a double click. */
  readonly spreadsheet: boolean;
  readonly force: boolean;
  readonly batch: BatchOptions;
}

/** Hands a batch in, or finds it again, watches it and fetches its results. */
export async function runBatch(
  connection: Connection,
  source: string | undefined,
  options: BatchCommandOptions,
  output: Output,
): Promise<ExitCode> {
  await checkTarget(options);
  const batch = options.resume
    ? await connection.api.get(pathOf(options.resume), batchSchema)
    : await handIn(connection, source, options, output);
  if (!options.resume) output.say(`batch ${batch.id}: ${batch.counts.total} items${skippedOf(batch)}`);
  if (options.detach) {
    await output.print(output.json ? JSON.stringify(batch) : batch.id);
    return EXIT.ok;
  }
  const end = await watch(connection, batch, output);
  if (end === 'left') {
    output.say(
      `${batch.id} goes on${connection.embedded ? ' when ktpflow is started again' : ''}; ktpflow batch --resume ${batch.id}`,
    );
    return EXIT.interrupted;
  }
  await writeResults(connection, end, options);
  await summarise(end, output);
  if (end.status === 'cancelled') return EXIT.cancelled;
  if (end.status === 'failed') throw new CliError(EXIT.failure, end.error?.message ?? 'the batch failed');
  return end.counts.failed > 0 ? EXIT.someFailed : EXIT.ok;
}

async function handIn(
  { api }: Connection,
  source: string | undefined,
  options: BatchCommandOptions,
  output: Output,
): Promise<Batch> {
  if (source === undefined)
    throw new CliError(EXIT.usage, 'name a folder, a ZIP file or a CSV manifest, or --resume ID');
  const { send, what } = await batchBodyOf(source, options.batch);
  output.say(`sending ${what}`);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    return await api.post('/v1/ktp/batches', batchSchema, { ...send, signal: interrupt.signal });
  } catch (error) {
    if (interrupt.signal.aborted) throw new CliError(EXIT.interrupted, 'interrupted: nothing was handed in');
    throw error;
  } finally {
    process.off('SIGINT', stop);
  }
}

async function watch({ api }: Connection, first: Batch, output: Output): Promise<Batch | 'left'> {
  let interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt);
  try {
    for (let batch = first; ; ) {
      const { counts, eta_seconds, throughput } = batch;
      const finished = counts.succeeded + counts.failed + counts.cancelled;
      output.progress(
        progressBar({ total: counts.total, finished, failed: counts.failed, throughput, etaSeconds: eta_seconds }),
      );
      if (isFinal(batch.status)) {
        output.endProgress();
        return batch;
      }
      try {
        await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted.signal });
        batch = await api.get(pathOf(batch.id), batchSchema, interrupted.signal);
      } catch (error) {
        if (!interrupted.signal.aborted) throw error;
        output.endProgress();
        process.off('SIGINT', interrupt);
        const choice = await askAfterInterrupt();
        if (choice === 'leave') return 'left';
        interrupted = new AbortController();
        process.on('SIGINT', interrupt);
        if (choice === 'cancel') batch = await api.post(`${pathOf(batch.id)}/cancel`, batchSchema);
      }
    }
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function pathOf(id: string): string {
  return `/v1/ktp/batches/${encodeURIComponent(id)}`;
}

/** Before hours of work, not after: the folder that is not there, the file that would be lost. */
async function checkTarget({ out, force, format }: BatchCommandOptions): Promise<void> {
  if (out === undefined) return;
  formatOf(out, format);
  if (out === '-' || force) return;
  const exists = await access(out).then(
    () => true,
    () => false,
  );
  if (exists) throw new CliError(EXIT.usage, `${out} is there already; --force replaces it`);
}

function formatOf(out: string, format: string | undefined): string {
  const found = format ?? (out === '-' ? 'ndjson' : FORMATS[extname(out).toLowerCase()]);
  if (found === undefined)
    throw new CliError(EXIT.usage, 'name the results .xlsx, .csv, .json or .ndjson, or give --format');
  return found;
}

/** A file under its final name is always whole. */
async function writeResults(
  { api }: Connection,
  batch: Batch,
  { out, format, spreadsheet }: BatchCommandOptions,
): Promise<void> {
  if (out === undefined) return;
  const query = new URLSearchParams({ format: formatOf(out, format), spreadsheet: spreadsheet ? '1' : '0' });
  const { body } = await api.send('GET', `${pathOf(batch.id)}/results?${query}`);
  const results = body ? Readable.fromWeb(body) : Readable.from([]);
  if (out === '-') {
    await pipeline(results, process.stdout, { end: false });
    return;
  }
  const draft = `${out}.part`;
  try {
    await pipeline(results, createWriteStream(draft, { mode: 0o600, flush: true }));
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { force: true });
    throw new CliError(EXIT.failure, `${out} could not be written`, { cause: error });
  }
}

async function summarise(batch: Batch, output: Output): Promise<void> {
  if (output.json) return output.print(JSON.stringify(batch));
  const { cancelled, failed, succeeded, total } = batch.counts;
  const rate = batch.throughput === null ? '' : `, ${batch.throughput.toPrecision(2)} cards/s`;
  output.say(`${batch.status}: ${succeeded} of ${total} read, ${failed} failed, ${cancelled} cancelled${rate}`);
  if (failed > 0) output.say(`ktpflow retry ${batch.id} reads the failed ones again`);
}

function skippedOf(batch: Batch): string {
  const eta = batch.eta_seconds === null || isFinal(batch.status) ? '' : `, about ${duration(batch.eta_seconds)}`;
  return `${batch.skipped === 0 ? '' : `, ${batch.skipped} entries skipped`}${eta}`;
}
