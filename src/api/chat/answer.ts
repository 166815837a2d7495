import type { Generation } from '../../chat/generation.ts';
import type { StreamView } from '../../chat/stream-log.ts';

/** An answer as a reader has it: live, or from where ended ones are kept. */
export interface Answer {
  readonly generation: Generation;
  /** What is there now. */
  readonly view: StreamView;
  /** Until when it can be replayed; null while it runs. */
  readonly expiresAt: Date | null;
  /** Resolves when there is more, or the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
  /** To be called once, when the reader goes. */
  leave(): void;
}

/** An answer that has ended. */
export function keptAnswer(generation: Generation, view: StreamView, expiresAt: Date): Answer {
  return { generation, view, expiresAt, changed: () => Promise.resolve(), leave: () => {} };
}
