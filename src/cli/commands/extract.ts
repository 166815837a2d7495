import { once } from 'node:events';
import { createReadStream, openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FormData } from 'undici';
import type { ApiClient, SendOptions } from '../api-client.ts';
import { type Job, jobSchema } from '../batch-schema.ts';
import { onEndingSignal } from '../ending-signals.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { forTerminal, type Output, table } from '../output.ts';
import type { BatchOptions } from '../sources/batch-body.ts';
import { sentenceOf } from '../sources/batch-source.ts';
import { isUrl } from '../sources/manifest.ts';
import { checkFile, isProblem, reasonOf } from '../sources/source-file.ts';
import { EXTRACTIONS_PATH, waitUntilRead } from './extract-once.ts';

/** Enough to keep two cores busy. */
const AT_ONCE = 4;

type Outcome = { readonly file: string; readonly job: Job } | Fault;

/** Nothing came of it: the file cannot be read, or the server is away. */
interface Fault {
  readonly file: string;
  readonly fault: CliError | ApiError;
}

/** Before a server is sought or started. @throws CliError where there is nothing to read */
export async function checkCards(files: readonly string[], output: Output): Promise<void> {
  if (files.filter((file) => file === '-').length > 1)
    throw new CliError(EXIT.usage, '- is given twice: stdin is one card');
  const faults: Fault[] = [];
  for (const file of files) {
    const fault = await faultOf(file);
    if (fault === null) return;
    faults.push({ file, fault: new CliError(EXIT.usage, fault) });
  }
  if (output.json) await show(faults, output);
  throw new CliError(EXIT.usage, faults.map(({ fault }) => fault.message).join('\n'));
}

/**
 * Reads single cards: one file as a list of its fields, several as a table, or a line of JSON each. What goes wrong
 * with one keeps no other from being read and shown; an interruption keeps none back that was read.
 */
export async function runExtract(
  api: ApiClient,
  files: readonly string[],
  options: BatchOptions,
  output: Output,
): Promise<ExitCode> {
  const outcomes: (Outcome | undefined)[] = new Array(files.length).fill(undefined);
  let next = 0;
  let done = 0;
  // Without a server or with a wrong key the others would fare no better.
  let hopeless: CliError | ApiError | undefined;
  const interrupt = new AbortController();
  using _listening = onEndingSignal(() => interrupt.abort());
  const work = async (): Promise<void> => {
    while (next < files.length && !interrupt.signal.aborted) {
      const index = next++;
      const file = files[index] ?? '';
      const outcome = hopeless ? { file, fault: hopeless } : await extract(api, file, options);
      outcomes[index] = outcome;
      if ('fault' in outcome && HOPELESS.has(outcome.fault.exitCode)) hopeless = outcome.fault;
      done++;
      if (files.length > 1) output.progress(() => `${done}/${files.length}`);
    }
  };
  const interrupted = once(interrupt.signal, 'abort');
  await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, work)), interrupted]);
  output.endProgress();
  const known = outcomes.filter((outcome) => outcome !== undefined);
  if (known.length === files.length) return conclude(known, hopeless, output);
  if (known.length > 0) await show(known, output);
  throw new CliError(EXIT.interrupted, `interrupted: ${files.length - known.length} of ${files.length} not read yet`);
}

const HOPELESS: ReadonlySet<ExitCode> = new Set([EXIT.unreachable, EXIT.denied]);

async function conclude(
  outcomes: readonly Outcome[],
  hopeless: CliError | ApiError | undefined,
  output: Output,
): Promise<ExitCode> {
  const reads = outcomes.filter((outcome) => 'job' in outcome);
  const faults = outcomes.filter((outcome) => 'fault' in outcome);
  const [fault] = faults;
  const isOneFault = fault && reads.length === 0 && (faults.length === 1 || hopeless);
  // A script gets its line for each file.
  if (!isOneFault || output.json) await show(outcomes, output);
  if (isOneFault) throw hopeless ?? fault.fault;
  for (const { fault: own } of faults) if (own !== hopeless) output.reportError(own.message);
  if (hopeless) {
    output.reportError(hopeless.message);
    return hopeless.exitCode;
  }
  if (reads.length === 0) return EXIT.usage;
  return faults.length === 0 && reads.every(({ job }) => job.status === 'succeeded') ? EXIT.ok : EXIT.someFailed;
}

async function extract(api: ApiClient, file: string, options: BatchOptions): Promise<Outcome> {
  try {
    const makeBody = await bodyOf(file, options);
    const job = await api.postOnce(`${EXTRACTIONS_PATH}?wait=60`, jobSchema, makeBody);
    return { file, job: await waitUntilRead(api, job, jobSchema) };
  } catch (error) {
    if (error instanceof ApiError && error.exitCode === EXIT.usage) {
      return { file, job: failedJob(error) };
    }
    if (error instanceof CliError || error instanceof ApiError) return { file, fault: error };
    throw error;
  }
}

/** Makes the request, as often as it is sent. @throws CliError where the file cannot be read */
async function bodyOf(file: string, options: BatchOptions): Promise<() => Promise<SendOptions>> {
  if (isUrl(file)) return async () => ({ json: { image_url: file, options } });
  const fault = await faultOf(file);
  if (fault !== null) throw new CliError(EXIT.usage, fault);
  // What can be read only once.
  const piped = file === '-' ? process.stdin : (await isPipe(file)) ? createReadStream(file) : null;
  const bytes = piped ? new Blob([await bytesOf(piped, file)]) : null;
  return async () => {
    const form = new FormData();
    form.append('options', JSON.stringify(options));
    form.append('image', bytes ?? (await openAsBlob(file)), file === '-' ? 'stdin' : basename(file));
    return { body: form };
  };
}

/** Why a file cannot be read; null: it can, or is none. */
async function faultOf(file: string): Promise<string | null> {
  if (file === '-' || isUrl(file) || (await isPipe(file))) return null;
  const checked = await checkFile({ path: file, name: file });
  if (!isProblem(checked)) return null;
  return sentenceOf(checked) + (checked.reason === 'is a folder' ? ': ktpflow batch reads folders' : '');
}

/** @throws CliError where it may not be read */
async function bytesOf(piped: Readable, file: string): Promise<Buffer> {
  return buffer(piped).catch((error: unknown) => {
    throw new CliError(EXIT.usage, sentenceOf({ name: file, reason: reasonOf(error) }), { cause: error });
  });
}

/** As a shell makes one of `<(curl …)`: who names it wants it to be waited for. */
async function isPipe(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFIFO(),
    () => false,
  );
}

/** A card of which nothing was read, in the form of a job. */
function failedJob(fault: CliError | ApiError): Job {
  const unreachable = fault.exitCode === EXIT.unreachable ? 'unreachable' : 'unreadable';
  const code = fault instanceof ApiError ? fault.code : unreachable;
  const message = fault instanceof ApiError ? fault.reason : fault.message;
  return { id: '', status: 'failed', error: { code, message }, result: null };
}

async function show(outcomes: readonly Outcome[], output: Output): Promise<void> {
  const reads = outcomes.map((outcome) => ({
    file: outcome.file,
    job: 'job' in outcome ? outcome.job : failedJob(outcome.fault),
  }));
  if (output.json) {
    for (const { file, job } of reads) await output.print(JSON.stringify({ file, ...job }));
    return;
  }
  const [only] = reads;
  const waiting = reads.filter(({ job }) => job.status === 'needs_review');
  if (waiting.length > 0) output.say(`${waiting.length} to be reviewed: what was read of them is not final`);
  if (reads.length === 1 && only?.job.result) {
    await output.print(table(flatten(only.job.result.compat)));
    return;
  }
  const rows = reads.map(({ file, job }) => {
    const card = job.result?.compat;
    return [file, job.error?.code ?? job.status, card?.nik ?? '', card?.nama ?? '', card?.tgl_lahir ?? ''];
  });
  await output.print(table([['FILE', 'STATUS', 'NIK', 'NAMA', 'TGL LAHIR'], ...rows]));
  for (const outcome of outcomes) {
    const error = 'job' in outcome ? outcome.job.error : null;
    if (error) output.say(`  ${forTerminal(outcome.file)}: ${error.message} (${error.code})`);
  }
}

function flatten(card: Record<string, unknown>): [string, string][] {
  return Object.entries(card).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null
      ? flatten(value as Record<string, unknown>).map(([inner, text]) => [inner === 'name' ? name : inner, text])
      : [[name, forTerminal(String(value))]],
  );
}
