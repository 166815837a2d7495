import type { ApiClient } from '../api-client.ts';
import { type Batch, batchSchema } from '../batch-schema.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { forTerminal, type Output } from '../output.ts';
import { batchBodyOf, describeContent, type NewBatchOptions, withoutChanged } from '../sources/batch-body.ts';
import { type BatchContent, readSource } from '../sources/batch-source.ts';

const BATCHES = '/v1/ktp/batches';
/** Problems told one by one; a list of thousands of missing files needs no more of them. */
const PROBLEMS_SHOWN = 100;

export interface HandedIn {
  readonly batch: Batch;
  /** Files that should have been cards and could not be sent. */
  readonly problems: number;
}

export interface HandInOptions {
  /** Of a new batch. */
  readonly whole: NewBatchOptions;
  /** Absolute paths of files that are none of the source. */
  readonly except: ReadonlySet<string>;
  /** A batch to add to, instead of a new one. */
  readonly addTo: string | undefined;
}

/**
 * Sends a source as a batch. What cannot be read is named and left out; the rest goes on.
 */
export async function handIn(
  api: ApiClient,
  source: string,
  { whole, except, addTo }: HandInOptions,
  output: Output,
): Promise<HandedIn> {
  const { content, problems, remarks } = await readSource(source, except);
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) output.reportError(problem);
  if (problems.length > PROBLEMS_SHOWN) output.reportError(`… and ${problems.length - PROBLEMS_SHOWN} more`);
  for (const remark of remarks) output.say(remark);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    const { batch, changed } = await send(api, content, { whole, addTo }, interrupt.signal, output);
    return { batch, problems: problems.length + changed };
  } catch (error) {
    // What has arrived whole is taken, whether its sender still waits or not.
    if (interrupt.signal.aborted) {
      throw new CliError(EXIT.interrupted, 'interrupted while it was sent: ktpflow status shows whether it was taken');
    }
    throw error;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** Files that are still being written break the request: they are named, and the others are sent again. */
async function send(
  api: ApiClient,
  content: BatchContent,
  { addTo, whole }: Pick<HandInOptions, 'whole' | 'addTo'>,
  signal: AbortSignal,
  output: Output,
): Promise<{ batch: Batch; changed: number }> {
  let changedBefore = 0;
  const path = addTo === undefined ? BATCHES : `${BATCHES}/${addTo}/items`;
  for (let left = content; ; ) {
    output.say(`sending ${describeContent(left)}`);
    try {
      const batch = await api.postOnce(
        path,
        batchSchema,
        () => batchBodyOf(left, addTo === undefined ? whole : null),
        signal,
      );
      return { batch, changed: changedBefore };
    } catch (error) {
      if (signal.aborted) throw error;
      const now = await withoutChanged(left);
      if (now.changed.length === 0) throw error;
      for (const name of now.changed) output.reportError(`${forTerminal(name)} changed while it was sent: left out`);
      if (now.left === null) throw new CliError(EXIT.usage, 'nothing is left to send', { cause: error });
      left = now.left;
      changedBefore += now.changed.length;
    }
  }
}
