import { createInterface } from 'node:readline/promises';

export type InterruptChoice = 'wait' | 'leave' | 'cancel';

/**
 * Asks what is to become of a batch after Ctrl-C. Without a terminal there is nobody to ask: it is left running. A
 * second Ctrl-C, or Ctrl-D, leaves it running too.
 */
export async function askAfterInterrupt(): Promise<InterruptChoice> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return 'leave';
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const again = new AbortController();
  // Ctrl-D closes it, and readline would leave the question without an answer for ever.
  for (const event of ['SIGINT', 'close'] as const) lines.on(event, () => again.abort());
  try {
    const answer = await lines.question('\nLeave it running, cancel it, or go on watching? [l/c/w] ', {
      signal: again.signal,
    });
    if (/^c/i.test(answer.trim())) return 'cancel';
    return /^w/i.test(answer.trim()) ? 'wait' : 'leave';
  } catch {
    return 'leave';
  } finally {
    lines.close();
  }
}
