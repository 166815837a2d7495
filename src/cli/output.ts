import { once } from 'node:events';
import { EXIT } from './exit-codes.ts';

/** Where a command writes. Results go to stdout, everything else to stderr, so that a pipe holds results only. */
export interface Output {
  /** A result. */
  print(text: string): Promise<void>;
  /** A remark for people; silent with --quiet. */
  say(text: string): void;
  /** A fault. */
  reportError(text: string): void;
  /**
   * Draws the line that is drawn over, made for the columns that there are; nothing with --quiet. On anything but a
   * terminal at most every ten seconds.
   */
  progress(line: (columns: number) => string): void;
  /** Ends the line of progress. */
  endProgress(): void;
  readonly json: boolean;
}

const LINE_EVERY_MS = 10_000;
/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;
const CLEAR_LINE = '\r\u001B[2K';

/**
 * Writes to this process's streams. A reader of the results that has gone away (`ktpflow … | head`) ends the program
 * quietly, as it ends every Unix tool; without one of the remarks it goes on, since the results may go to a file. A disk
 * that is full ends it with one line.
 */
export function createOutput({ quiet, json }: { quiet: boolean; json: boolean }): Output {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // EIO: the terminal was closed.
      if (error.code === 'EPIPE' || error.code === 'EIO') {
        if (stream === process.stderr) return;
        process.exit(0);
      }
      const reason = error.code === 'ENOSPC' ? 'no space is left on the disk' : error.message;
      if (stream === process.stdout) process.stderr.write(`ktpflow: the output cannot be written: ${reason}\n`);
      process.exit(EXIT.failure);
    });
  }
  // A terminal of this kind cannot draw over its line.
  const terminal = process.stderr.isTTY && process.env.TERM !== 'dumb';
  let drawn = false;
  let lastLine = 0;
  const clear = (): void => {
    if (drawn) process.stderr.write(CLEAR_LINE);
    drawn = false;
  };
  return {
    json,
    async print(text) {
      clear();
      if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain');
    },
    say(text) {
      if (quiet) return;
      clear();
      process.stderr.write(`${text}\n`);
    },
    reportError(text) {
      clear();
      process.stderr.write(`ktpflow: ${text}\n`);
    },
    progress(line) {
      if (quiet) return;
      if (terminal) {
        // A terminal that does not know its size says 0. Its last column may wrap.
        const columns = (process.stderr.columns || USUAL_COLUMNS) - 1;
        process.stderr.write(`${CLEAR_LINE}${line(columns).slice(0, columns)}`);
        drawn = true;
      } else if (Date.now() - lastLine >= LINE_EVERY_MS) {
        process.stderr.write(`${line(Number.POSITIVE_INFINITY)}\n`);
        lastLine = Date.now();
      }
    },
    endProgress() {
      if (drawn) process.stderr.write('\n');
      drawn = false;
    },
  };
}

/**
 * Text that a terminal shows and does not obey: file names and what is read from a card may hold its control
 * sequences.
 */
export function forTerminal(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}

/** Columns as wide as their longest cell, parted by two blanks. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(forTerminal));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
