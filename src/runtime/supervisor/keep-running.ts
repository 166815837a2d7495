export interface PartEnd {
  /** One line, or a few indented ones. */
  readonly reason: string;
  /** A repeat cannot help. */
  readonly hopeless: boolean;
}

/** One run of a part of the platform: a child process, or the Temporal server. */
export interface Part {
  /** May never settle. */
  readonly ready: Promise<void>;
  readonly ended: Promise<PartEnd>;
  /** Asks it to finish and end. */
  drain(): void;
  /** Ends it at once. */
  kill(): void;
}

/** A part that cannot start on this machine as it is; the message is one line. */
export class FatalStartError extends Error {
  override readonly name = 'FatalStartError';
}

export interface SupervisedPart {
  /** Resolves when the part is ready for the first time; rejects with {@link FatalStartError}. */
  readonly ready: Promise<void>;
  /** Drains the part and kills it after `graceMs`. Resolves when it is gone; it is not started again. */
  stop(graceMs: number): Promise<void>;
  kill(): void;
}

/** Pauses before the first, second, … restart in a row. A crash after a good while is restarted at once. */
const PAUSES_MS = [100, 500, 1000, 2000, 4000, 8000, 10_000] as const;
const LONGEST_PAUSE_MS = 10_000;
/** A part that ran this long ran well. */
const STEADY_MS = 30_000;

/** Starts a part, and again whenever it ends by itself, ever more slowly while it keeps ending soon. */
export function keepRunning(name: string, start: () => Promise<Part>, say: (line: string) => void): SupervisedPart {
  const stopping = new AbortController();
  let current: Part | null = null;
  let wasReady = false;
  let markReady = () => {};
  let giveUp = (_error: FatalStartError) => {};
  const ready = new Promise<void>((resolve, reject) => {
    markReady = resolve;
    giveUp = reject;
  });
  // Waiting for it is the caller's choice.
  ready.catch(() => {});

  const runOnce = async (): Promise<PartEnd> => {
    try {
      current = await start();
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), hopeless: false };
    }
    // A stop that came while it was being started.
    if (stopping.signal.aborted) current.kill();
    void current.ready.then(
      () => {
        if (wasReady && !stopping.signal.aborted) say(`${name} is back`);
        wasReady = true;
        markReady();
      },
      () => {},
    );
    return await current.ended;
  };

  const loop = async (): Promise<void> => {
    let crashes = 0;
    for (;;) {
      const startedAt = performance.now();
      const end = await runOnce();
      current = null;
      if (stopping.signal.aborted) return;
      if (end.hopeless && !wasReady) return giveUp(new FatalStartError(end.reason));
      crashes = performance.now() - startedAt >= STEADY_MS ? 0 : crashes + 1;
      const pause = crashes === 0 ? 0 : (PAUSES_MS[crashes - 1] ?? LONGEST_PAUSE_MS);
      say(`${name} ${end.reason}; restarting ${pause < 1000 ? 'now' : `in ${pause / 1000} s`}`);
      await pauseFor(pause, stopping.signal);
      if (stopping.signal.aborted) return;
    }
  };
  const running = loop();

  return {
    ready,
    async stop(graceMs) {
      stopping.abort();
      current?.drain();
      const timer = setTimeout(() => current?.kill(), graceMs);
      await running;
      clearTimeout(timer);
    },
    kill() {
      stopping.abort();
      current?.kill();
    },
  };
}

function pauseFor(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, durationMs);
    signal.addEventListener('abort', finish);
  });
}
