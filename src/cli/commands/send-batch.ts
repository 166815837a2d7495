import type { ApiClient } from '../api-client.ts';
import { type Batch, batchSchema } from '../batch-schema.ts';
import { ApiError, CliError, EXIT } from '../exit-codes.ts';
import { forTerminal, type Output } from '../output.ts';
import { batchBodyOf, describeContent, type NewBatchOptions, withoutChanged } from '../sources/batch-body.ts';
import { partsOf } from '../sources/batch-parts.ts';
import type { BatchContent } from '../sources/batch-source.ts';

const BATCHES = '/v1/ktp/batches';

export interface SendBatchOptions {
  /** Of a new batch. */
  readonly whole: NewBatchOptions;
  /** A batch to add to, instead of a new one. */
  readonly addTo: string | undefined;
}

/**
 * Sends a source, in as many requests as it takes: the first makes the batch, the others add to it, and then it is
 * sealed. A new batch of which a part cannot be sent is cancelled, so that half a folder is not taken for the whole.
 * @returns the batch, and how many files changed while they were sent and were left out
 */
export async function sendBatch(
  api: ApiClient,
  content: BatchContent,
  { addTo, whole }: SendBatchOptions,
  signal: AbortSignal,
  output: Output,
): Promise<{ readonly batch: Batch; readonly changed: number }> {
  const parts = partsOf(content);
  const isCut = parts.length > 1;
  output.say(`sending ${describeContent(content)}${isCut ? ` in ${parts.length} parts` : ''}`);
  let batch: Batch | undefined;
  let changed = 0;
  try {
    for (const [index, part] of parts.entries()) {
      if (isCut) output.progress(() => `sending part ${index + 1} of ${parts.length}`);
      const known = batch?.id ?? addTo;
      const path = known === undefined ? BATCHES : `${BATCHES}/${known}/items`;
      const told = isCut ? { ...whole, sealed: false } : whole;
      const sent = await sendPart(api, part, { path, whole: known === undefined ? told : null }, signal, output);
      batch = sent.batch ?? batch;
      changed += sent.changed;
    }
    if (!batch) throw new CliError(EXIT.usage, 'nothing is left to send');
    if (!isCut || addTo !== undefined || whole.sealed === false) return { batch, changed };
    return { batch: await api.postOnce(`${BATCHES}/${batch.id}/seal`, batchSchema, async () => ({}), signal), changed };
  } catch (error) {
    if (batch && addTo === undefined) await cancel(api, batch, output);
    if (batch && addTo !== undefined) output.reportError(`${addTo} has ${batch.counts.total} items now`);
    if (signal.aborted) {
      // What has arrived whole is taken, whether its sender still waits or not.
      const left = batch ? 'not all was handed in' : 'ktpflow status shows whether it was taken';
      throw new CliError(EXIT.interrupted, `interrupted while it was sent: ${left}`);
    }
    if (error instanceof ApiError && error.status === 413 && content.kind === 'archive') {
      throw new CliError(EXIT.usage, `${error.message}: unpack it, and give the folder`, { cause: error });
    }
    throw error;
  } finally {
    if (isCut) output.endProgress();
  }
}

interface Target {
  readonly path: string;
  /** null: the batch is there. */
  readonly whole: NewBatchOptions | null;
}

/** Files that are still being written break the request: they are named, and the others are sent again. */
async function sendPart(
  api: ApiClient,
  part: BatchContent,
  { path, whole }: Target,
  signal: AbortSignal,
  output: Output,
): Promise<{ readonly batch: Batch | undefined; readonly changed: number }> {
  let changed = 0;
  for (let left = part; ; ) {
    try {
      return { batch: await api.postOnce(path, batchSchema, () => batchBodyOf(left, whole), signal), changed };
    } catch (error) {
      if (signal.aborted) throw error;
      const now = await withoutChanged(left);
      if (now.changed.length === 0) throw error;
      for (const name of now.changed) output.reportError(`${forTerminal(name)} changed while it was sent: left out`);
      changed += now.changed.length;
      if (now.left === null) return { batch: undefined, changed };
      left = now.left;
      output.say(`sending ${describeContent(left)}`);
    }
  }
}

async function cancel(api: ApiClient, { counts, id }: Batch, output: Output): Promise<void> {
  try {
    await api.post(`${BATCHES}/${id}/cancel`, batchSchema);
    output.reportError(`the batch ${id}, of which ${counts.total} items were sent, is cancelled`);
  } catch {
    output.reportError(
      `the batch ${id} is left open with ${counts.total} items: ktpflow cancel ${id}, or ktpflow seal ${id} to read those`,
    );
  }
}
