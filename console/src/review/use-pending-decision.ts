import { useCallback, useEffect, useRef, useState } from 'react';
import { tryAgain } from '../try-again.ts';
import { type Decision, decide } from './review-api.ts';

/** So long a decision can be taken back. */
const UNDO_MS = 6_000;

/** A decision that was made, and not sent yet. */
export interface Pending<Card> {
  readonly card: Card;
  readonly id: string;
  readonly decision: Decision;
}

interface PendingDecision<Card> {
  /** The last decision, as long as it can be taken back. */
  readonly pending: Pending<Card> | null;
  /** Keeps a decision for some seconds, or until the next one, and sends it then. */
  readonly keep: (pending: Pending<Card>) => void;
  /** Takes the last one back; it was never sent. */
  readonly undo: () => Pending<Card> | null;
}

/**
 * What a server has taken is final; so the last decision waits here for some seconds. Its card stays claimed meanwhile,
 * and a page that goes sends it at once.
 */
export function usePendingDecision<Card>(onFailed: (error: unknown) => void): PendingDecision<Card> {
  const [pending, setPending] = useState<Pending<Card> | null>(null);
  const held = useRef<Pending<Card> | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const take = useCallback((): Pending<Card> | null => {
    clearTimeout(timer.current);
    const taken = held.current;
    held.current = null;
    setPending(null);
    return taken;
  }, []);
  const flush = useCallback(
    (isLeaving = false) => {
      const taken = take();
      // The same decision twice is one.
      if (taken) tryAgain(() => decide(taken.id, taken.decision, isLeaving)).catch(onFailed);
    },
    [take, onFailed],
  );
  const keep = useCallback(
    (next: Pending<Card>) => {
      flush();
      held.current = next;
      setPending(next);
      timer.current = setTimeout(flush, UNDO_MS);
    },
    [flush],
  );
  useEffect(() => {
    const leave = () => flush(true);
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      leave();
    };
  }, [flush]);
  return { pending, keep, undo: take };
}
