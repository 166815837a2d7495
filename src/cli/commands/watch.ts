import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { jobSchema } from '../batch-schema.ts';
import { onEndingSignal } from '../ending-signals.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { forTerminal, type Output } from '../output.ts';
import type { BatchOptions } from '../sources/batch-body.ts';
import { FolderFault, MoveFault, type SettledFile, WatchedFolder } from '../sources/watched-folder.ts';
import { extractOnce } from './extract-once.ts';

/** Enough to keep two cores busy. */
const AT_ONCE = 4;
const LOOK_EVERY_MS = 1_000;
const AWAY_MS = 5_000;

export interface WatchOptions {
  /** How long a file must not have changed, in seconds. */
  readonly settleSeconds: number;
  readonly batch: BatchOptions;
}

/**
 * Reads every card that is put into a folder, until it is asked to end: a file that has not changed for a while is read,
 * its job is written beside it in `done`, and it is moved there, or to `failed` with the reason. The server knows a file
 * by its content, so that whatever is repeated after a kill is read once.
 */
export async function runWatch(
  api: ApiClient,
  folder: string,
  { batch, settleSeconds }: WatchOptions,
  output: Output,
): Promise<ExitCode> {
  const watched = await WatchedFolder.open(folder, settleSeconds * 1000);
  const stop = new AbortController();
  using _listening = onEndingSignal(() => stop.abort());
  output.say(`watching ${forTerminal(folder)}; read files go to done/, others to failed/`);
  let isAway = false;
  let isFolderAway = false;
  /** What is away may come back; said once. */
  const sayWaiting = (fault: Error): void => output.reportError(`${forTerminal(fault.message)}: waiting for it`);
  while (!stop.signal.aborted) {
    let files: readonly SettledFile[] = [];
    try {
      files = await watched.settled();
      isFolderAway = false;
    } catch (error) {
      if (!(error instanceof FolderFault)) throw error;
      if (!isFolderAway) sayWaiting(error);
      isFolderAway = true;
    }
    let next = 0;
    const work = async (): Promise<void> => {
      while (!stop.signal.aborted && next < files.length) {
        const file = files[next++];
        if (!file) return;
        try {
          await handle(api, watched, file, batch, stop.signal, output);
          isAway = false;
        } catch (error) {
          if (stop.signal.aborted) return;
          if (error instanceof MoveFault) {
            output.reportError(`${forTerminal(file.name)}: ${error.message}`);
            continue;
          }
          if (!isPassing(error)) throw error;
          if (!isAway) sayWaiting(error);
          isAway = true;
          // What is left stays where it is until the next look.
          next = files.length;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await sleep(isAway || isFolderAway ? AWAY_MS : LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(
      () => undefined,
    );
  }
  output.say('stopped; what is left is read at the next start');
  return EXIT.ok;
}

async function handle(
  api: ApiClient,
  watched: WatchedFolder,
  file: SettledFile,
  options: BatchOptions,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  const bytes = await watched.read(file);
  if (bytes === null) return;
  const name = forTerminal(file.name);
  const refuse = async (code: string, message: string, id: string | null): Promise<void> => {
    if (!(await watched.moveToFailed(file, { code, message, extraction_id: id }))) return;
    output.reportError(`${name}: ${message} (${code})`);
  };
  if (typeof bytes === 'string') return refuse('unreadable', bytes, null);
  try {
    const job = await extractOnce(api, { bytes, name: file.name, options }, jobSchema, signal);
    const isWaiting = job.status === 'needs_review';
    if (job.status !== 'succeeded' && !isWaiting) {
      return refuse(job.error?.code ?? job.status, job.error?.message ?? `The reading was ${job.status}.`, job.id);
    }
    if (!(await watched.moveToDone(file, job))) return;
    if (output.json) await output.print(JSON.stringify({ file: file.name, id: job.id, status: job.status }));
    else output.say(isWaiting ? `${name}: read, waits for a review` : `${name}: read`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.exitCode !== EXIT.usage || error.status === 429) throw error;
    await refuse(error.code, error.reason, null);
  }
}

/** The server is away or busy, or the folder is: nothing is wrong with the file. */
function isPassing(error: unknown): error is Error {
  if (error instanceof FolderFault) return true;
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof CliError && error.exitCode === EXIT.unreachable;
}
