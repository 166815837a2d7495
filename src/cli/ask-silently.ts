import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError, EXIT } from './exit-codes.ts';

/**
 * Asks on the terminal without showing what is typed.
 * @throws CliError after Ctrl-C or Ctrl-D, which readline would leave without an answer for ever
 */
export async function askSilently(question: string, input: NodeJS.ReadableStream = process.stdin): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  const ended = new AbortController();
  for (const event of ['SIGINT', 'close'] as const) lines.on(event, () => ended.abort());
  try {
    return await lines.question('', { signal: ended.signal });
  } catch (error) {
    throw new CliError(EXIT.interrupted, 'interrupted: nothing was typed', { cause: error });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
