import { isatty } from 'node:tty';

/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: one press, two signals. */
const SAME_PRESS_MS = 1000;

export interface StopRequests {
  /** Someone asked for an orderly stop. */
  onStop(reason: NodeJS.Signals): void;
  /** Someone asked again, and meant it. */
  onForce(reason: NodeJS.Signals): void;
  /** A hang-up that is no wish to stop: this process has no terminal. */
  onIgnoredHangup?(): void;
}

/**
 * Listens to SIGINT, SIGTERM and SIGHUP. A hang-up stops what runs in the terminal that was closed, and nothing else:
 * `nohup` asks to go on, but Node puts back the signals that it ignores, so what tells is that nohup takes the
 * terminal away from input, output and errors.
 * @returns a function that ends listening.
 */
export function listenForStop(
  { onStop, onForce, onIgnoredHangup }: StopRequests,
  terminal: boolean = [0, 1, 2].some((descriptor) => isatty(descriptor)),
): () => void {
  let firstAt: number | null = null;
  const listener = (name: NodeJS.Signals) => {
    if (name === 'SIGHUP' && !terminal) {
      onIgnoredHangup?.();
      return;
    }
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      onStop(name);
    } else if (now - firstAt > SAME_PRESS_MS) {
      onForce(name);
    }
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.off(name, listener);
  };
}
