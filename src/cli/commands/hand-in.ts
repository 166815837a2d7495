import type { ApiClient } from '../api-client.ts';
import type { Batch } from '../batch-schema.ts';
import { onEndingSignal } from '../ending-signals.ts';
import type { Output } from '../output.ts';
import { readSource } from '../sources/batch-source.ts';
import { type SendBatchOptions, sendBatch } from './send-batch.ts';

/** Problems told one by one; a list of thousands of missing files needs no more of them. */
const PROBLEMS_SHOWN = 100;

export interface HandedIn {
  readonly batch: Batch;
  /** Files that should have been cards and could not be sent. */
  readonly problems: number;
}

export interface HandInOptions extends SendBatchOptions {
  /** Absolute paths of files that are none of the source. */
  readonly except: ReadonlySet<string>;
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
  using _listening = onEndingSignal(() => interrupt.abort());
  const { batch, changed } = await sendBatch(api, content, { whole, addTo }, interrupt.signal, output);
  return { batch, problems: problems.length + changed };
}
