/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: one press, two signals. */
const SAME_PRESS_MS = 1000;

export interface StopRequests {
  /** Someone asked for an orderly stop. */
  onStop(reason: NodeJS.Signals): void;
  /** Someone asked again, and meant it. */
  onForce(reason: NodeJS.Signals): void;
}

/** Listens to SIGINT, SIGTERM and SIGHUP (a closed terminal). @returns a function that ends listening. */
export function listenForStop({ onStop, onForce }: StopRequests): () => void {
  let firstAt: number | null = null;
  const listener = (name: NodeJS.Signals) => {
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
