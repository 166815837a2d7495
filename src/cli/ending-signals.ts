import { isatty } from 'node:tty';
import { EXIT } from './exit-codes.ts';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal sends Ctrl-C to npx and to us, and npx passes it on: one press, two signals. */
const SAME_PRESS_MS = 1000;
/** Asked before a terminal is closed: afterwards it is none. */
const HAS_TERMINAL = [0, 1, 2].some((descriptor) => isatty(descriptor));

export interface EndingOptions {
  /** What must not be cut off, or it leaves halves: a second signal does not end the program. */
  readonly isWhole?: boolean;
}

interface Listener extends EndingOptions {
  readonly tell: (name: NodeJS.Signals) => void;
  toldAt: number | null;
}

/** The last one is asked. */
const listeners: Listener[] = [];

/**
 * Says what Ctrl-C, SIGTERM and the closing of the terminal mean until it is disposed of, instead of what they meant
 * around it. `tell` is called once; who asks again wants the program to end at once. A hang-up means nothing where there
 * is no terminal: `nohup` asks to go on, and Node puts back the signals that it has ignored.
 */
export function onEndingSignal(
  tell: (name: NodeJS.Signals) => void,
  { isWhole = false }: EndingOptions = {},
): Disposable {
  const listener: Listener = { tell, isWhole, toldAt: null };
  if (listeners.length === 0) for (const name of NAMES) process.on(name, pass);
  listeners.push(listener);
  return {
    [Symbol.dispose]() {
      const index = listeners.indexOf(listener);
      if (index >= 0) listeners.splice(index, 1);
      if (listeners.length === 0) for (const name of NAMES) process.off(name, pass);
    },
  };
}

function pass(name: NodeJS.Signals): void {
  if (name === 'SIGHUP' && !HAS_TERMINAL) return;
  const listener = listeners.at(-1);
  if (!listener) return;
  const now = performance.now();
  if (listener.toldAt === null) {
    listener.toldAt = now;
    listener.tell(name);
  } else if (!listener.isWhole && now - listener.toldAt > SAME_PRESS_MS) {
    process.exit(EXIT.interrupted);
  }
}
