import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';

/** libfaketime of Debian's package `faketime`, the build for programs with threads; undefined where it is not installed. */
export function findFaketime(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync(LIBRARIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(LIBRARIES, name, 'faketime'))
    .flatMap((folder) => filesOf(folder))
    .find((path) => path.endsWith('libfaketimeMT.so.1'));
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The clock of one process, which can be moved while it runs. Monotonic time goes on, as when a machine's clock is set. */
export class ShiftedClock {
  readonly #file: string;
  readonly #library: string;

  constructor(library: string, file: string) {
    this.#library = library;
    this.#file = file;
    this.shift(0);
  }

  /** What the process has to be started with. */
  get environment(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Seconds ahead of the true time, or behind it; holds within a second. */
  shift(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
  }
}
