import { CliError, EXIT } from './exit-codes.ts';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does what leaves files behind if it is cut off: Ctrl-C and SIGTERM abort the signal instead of ending the program, so
 * that the work can clear them away. What does not look at the signal is finished.
 * @param left what an interruption leaves, as the end of a sentence
 * @throws CliError once it is interrupted; what the work throws
 */
export async function interruptibly<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  left: string,
): Promise<Result> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  for (const name of ENDING_SIGNALS) process.on(name, stop);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new CliError(EXIT.interrupted, `interrupted: ${left}`, { cause: error });
  } finally {
    for (const name of ENDING_SIGNALS) process.off(name, stop);
  }
}
