import { open } from 'node:fs/promises';

const TAIL_BYTES = 4096;

/** The last lines that are not empty, for a message that says why a process ended. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}

/** {@link lastLines} of a file; empty when it cannot be read. */
export async function lastLinesOfFile(path: string, count: number): Promise<string[]> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
      return lastLines(buffer.toString('utf8', 0, bytesRead), count);
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}
