import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { askSilently } from '../../../src/cli/ask-silently.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('what is asked on the terminal has an end after Ctrl-C and Ctrl-D: it was awaited for ever', async () => {
  const shown: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => shown.push(String(chunk)) > 0);
  for (const [typed, expected] of [
    ['secret\r', 'secret'],
    ['\u0003', 'interrupted: nothing was typed'],
    ['\u0004', 'interrupted: nothing was typed'],
  ] as const) {
    const terminal = new PassThrough();
    const asked = askSilently('NIK: ', terminal).catch((error: Error) => error.message);
    terminal.write(typed);
    expect(await asked).toBe(expected);
  }
  expect(shown.join('')).toBe('NIK: \n'.repeat(3));
});
