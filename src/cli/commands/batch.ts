import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { type Batch, batchSchema, isFinal, listSchema } from '../batch-schema.ts';
import type { Connection } from '../connect.ts';
import { onEndingSignal } from '../ending-signals.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { askAfterInterrupt } from '../interrupt.ts';
import { forTerminal, type Output } from '../output.ts';
import { duration, progressBar } from '../progress-bar.ts';
import type { NewBatchOptions } from '../sources/batch-body.ts';
import { isUrl } from '../sources/manifest.ts';
import { ownFiles, type ResultsTarget, writeResults } from './batch-results.ts';
import { handIn } from './hand-in.ts';

const LOOK_EVERY_MS = 1_000;
/** Failed items that are named at the end. */
const FAILED_SHOWN = 10;

export interface BatchCommandOptions extends ResultsTarget {
  /** A batch to go on watching, instead of a new one. */
  readonly resume: string | undefined;
  /** Only hand it in. */
  readonly detach: boolean;
  /** A batch to add to, instead of a new one. */
  readonly addTo: string | undefined;
  readonly whole: NewBatchOptions;
}

/**
 * Before anything is started or sent: options that leave each other nothing to do. @throws CliError
 */
export function checkBatchOptions(source: string | undefined, options: BatchCommandOptions): void {
  const { addTo, detach, out, resume, whole } = options;
  const refuse = (message: string): never => {
    throw new CliError(EXIT.usage, message);
  };
  if (source === '-')
    refuse('a batch is no stdin: name a folder, a ZIP file or a list. ktpflow extract - reads one card');
  if (source !== undefined && isUrl(source))
    refuse('a batch is no URL: write its URLs into a list (column url). ktpflow extract reads single ones');
  if (source === undefined && resume === undefined) refuse('name a folder, a ZIP file or a list, or --resume ID');
  if (source !== undefined && resume !== undefined) refuse('--resume goes on with a batch: it takes no source');
  if (resume !== undefined && detach) refuse('--resume watches a batch, --detach does not: name one of them');
  if (detach && out !== undefined) refuse('--detach waits for no results: fetch them with --resume ID --out FILE');
  const { options: reading, ...others } = whole;
  const isNamed = Object.keys(reading).length + Object.keys(others).length > 0;
  if (resume !== undefined && isNamed) {
    refuse('--resume goes on with a batch as it is: --strategy and the like do nothing');
  }
  if (addTo !== undefined && resume !== undefined) refuse('--add-to hands in, --resume watches: name one of them');
  if (addTo !== undefined && isNamed) refuse('--add-to adds to a batch as it is: --strategy and the like do nothing');
  if ((whole.sealed === false || addTo !== undefined) && !detach) {
    refuse('an open batch has no end yet to wait for: add --detach');
  }
}

/** Hands a batch in, or finds it again, watches it and fetches its results. */
export async function runBatch(
  connection: Connection,
  source: string | undefined,
  options: BatchCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const { api } = connection;
  api.bePatient((reason) => output.say(`${reason}: waiting for it`));
  let problems = 0;
  let batch: Batch;
  if (options.resume === undefined && source !== undefined) {
    const except = ownFiles(options.out);
    ({ batch, problems } = await handIn(api, source, { whole: options.whole, addTo: options.addTo, except }, output));
    output.say(
      `batch ${batch.id}: ${batch.counts.total} ${batch.counts.total === 1 ? 'item' : 'items'}${skippedOf(batch)}`,
    );
  } else {
    batch = await api.get(pathOf(options.resume ?? ''), batchSchema);
  }
  if (options.detach) {
    await output.print(output.json ? JSON.stringify(batch) : batch.id);
    return problems > 0 ? EXIT.someFailed : EXIT.ok;
  }
  try {
    return await follow(connection, batch, options, output, problems);
  } catch (error) {
    if (error instanceof CliError || error instanceof ApiError) {
      output.reportError(`the batch is handed in; go on with: ktpflow batch --resume ${batch.id}`);
    }
    throw error;
  }
}

/** Watches a batch, fetches its results and says how it ended. */
async function follow(
  connection: Connection,
  batch: Batch,
  options: BatchCommandOptions,
  output: Output,
  problems: number,
): Promise<ExitCode> {
  const { api } = connection;
  const end = await watch(connection, batch, output);
  if (end === 'left') {
    output.say(
      `${batch.id} goes on${connection.embedded ? ' when ktpflow is started again' : ''}; ktpflow batch --resume ${batch.id}`,
    );
    return EXIT.interrupted;
  }
  await writeResults(api, pathOf(end.id), options);
  await summarise(api, end, { hasStdout: options.out !== '-' }, output);
  if (end.status === 'cancelled') return EXIT.cancelled;
  if (end.status === 'failed') {
    output.reportError(end.error?.message ?? 'the batch failed');
    return EXIT.failure;
  }
  return end.counts.failed + problems > 0 ? EXIT.someFailed : EXIT.ok;
}

async function watch({ api }: Connection, first: Batch, output: Output): Promise<Batch | 'left'> {
  for (let batch = first; ; ) {
    const { endedBy, seen } = await lookUntilAsked(api, batch, output);
    if (endedBy === null) return seen;
    // Only Ctrl-C has somebody behind it who can answer.
    const choice = endedBy === 'SIGINT' ? await askAfterInterrupt() : 'leave';
    if (choice === 'leave') return 'left';
    batch = choice === 'cancel' ? await api.post(`${pathOf(seen.id)}/cancel`, batchSchema) : seen;
  }
}

interface Looked {
  readonly seen: Batch;
  /** null: the batch is over. */
  readonly endedBy: NodeJS.Signals | null;
}

/** Looks at a batch until it is over, or this program is asked to end. */
async function lookUntilAsked(api: ApiClient, first: Batch, output: Output): Promise<Looked> {
  const interrupted = new AbortController();
  let endedBy: NodeJS.Signals | null = null;
  using _listening = onEndingSignal((name) => {
    endedBy = name;
    interrupted.abort();
  });
  let seen = first;
  try {
    for (;;) {
      const { counts, eta_seconds, throughput } = seen;
      const finished = counts.needs_review + counts.succeeded + counts.failed + counts.cancelled;
      const state = { total: counts.total, finished, failed: counts.failed, throughput, etaSeconds: eta_seconds };
      output.progress((columns) => progressBar(state, columns));
      if (isFinal(seen.status)) return { seen, endedBy: null };
      await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted.signal });
      seen = await api.get(pathOf(seen.id), batchSchema, interrupted.signal);
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return { seen, endedBy };
  } finally {
    output.endProgress();
  }
}

function pathOf(id: string): string {
  return `/v1/ktp/batches/${encodeURIComponent(id)}`;
}

const failedItemsSchema = listSchema(
  z.looseObject({
    index: z.number(),
    name: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
);

/** @param hasStdout false: the results have gone there, and nothing may follow them */
async function summarise(
  api: ApiClient,
  batch: Batch,
  { hasStdout }: { readonly hasStdout: boolean },
  output: Output,
): Promise<void> {
  if (output.json) return hasStdout ? output.print(JSON.stringify(batch)) : output.say(JSON.stringify(batch));
  const { cancelled, failed, needs_review, succeeded, total } = batch.counts;
  const waiting = needs_review === 0 ? '' : `, ${needs_review} to be reviewed`;
  const rate = batch.throughput === null ? '' : `, ${batch.throughput.toPrecision(2)} cards/s`;
  output.say(
    `${batch.status}: ${succeeded} of ${total} read, ${failed} failed, ${cancelled} cancelled${waiting}${rate}`,
  );
  if (failed === 0) return;
  const path = `${pathOf(batch.id)}/items?status=failed&limit=${FAILED_SHOWN}`;
  for (const { error, index, name } of (await api.get(path, failedItemsSchema)).data) {
    output.say(`  ${forTerminal(name ?? `item ${index}`)}: ${error ? `${error.message} (${error.code})` : 'failed'}`);
  }
  if (failed > FAILED_SHOWN) output.say(`  and ${failed - FAILED_SHOWN} more`);
  output.say(`ktpflow retry ${batch.id} reads the failed ones again`);
}

function skippedOf(batch: Batch): string {
  const eta = batch.eta_seconds === null || isFinal(batch.status) ? '' : `, about ${duration(batch.eta_seconds)}`;
  return `${batch.skipped === 0 ? '' : `, ${batch.skipped} entries skipped`}${eta}`;
}
