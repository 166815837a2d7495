import { once } from 'node:events';
import { type EndingOptions, onEndingSignal } from './ending-signals.ts';
import { CliError, EXIT } from './exit-codes.ts';

/**
 * Does what leaves files behind if it is cut off: Ctrl-C, SIGTERM and a closed terminal abort the signal instead of
 * ending the program, so that the work can clear them away. What does not look at the signal is finished.
 * @param left what an interruption leaves, as the end of a sentence
 * @throws CliError once it is interrupted; what the work throws
 */
export async function interruptibly<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  left: string,
  options: EndingOptions = {},
): Promise<Result> {
  const interrupt = new AbortController();
  using _listening = onEndingSignal(() => interrupt.abort(), options);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new CliError(EXIT.interrupted, `interrupted: ${left}`, { cause: error });
  }
}

/**
 * Leaves work where it is once the program is asked to end: for what leaves nothing behind.
 * @throws CliError once it is interrupted; what the work throws
 */
export async function untilInterrupted<Result>(work: () => Promise<Result>): Promise<Result> {
  const interrupt = new AbortController();
  using _listening = onEndingSignal(() => interrupt.abort());
  const ended = once(interrupt.signal, 'abort').then(() => {
    throw new CliError(EXIT.interrupted, 'interrupted');
  });
  return await Promise.race([work(), ended]);
}
