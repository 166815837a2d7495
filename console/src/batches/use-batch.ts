import { useCallback, useEffect, useState } from 'react';
import { call } from '../api.ts';
import { eventsOf } from '../event-stream.ts';
import { BATCHES, type Batch, isOver, readBatch } from './batch-api.ts';

const LOOK_AGAIN_MS = 3_000;

interface Watched {
  readonly batch: Batch | null;
  readonly problem: unknown;
  /** Looks again at once, also at one that was over. */
  readonly look: () => void;
}

/** A batch as it is: told by its events while it runs, and asked for anew whenever they break off. */
export function useBatch(id: string): Watched {
  const [batch, setBatch] = useState<Batch | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round begins it all anew
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const show = (seen: Batch) => {
      if (signal.aborted) return;
      setBatch(seen);
      setProblem(null);
    };
    const follow = async () => {
      const seen = await readBatch(id, signal);
      show(seen);
      if (isOver(seen)) return true;
      for await (const { data } of eventsOf(await call(`${BATCHES}/${id}/events`, { signal }))) {
        const told = JSON.parse(data) as Batch | { error: { message: string } };
        if ('counts' in told) show(told);
      }
      return false;
    };
    const watch = async () => {
      while (!signal.aborted) {
        try {
          if (await follow()) return;
        } catch (error) {
          if (signal.aborted) return;
          setProblem(error);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
    };
    void watch();
    return () => controller.abort();
  }, [id, round]);
  const look = useCallback(() => setRound((before) => before + 1), []);
  return { batch: batch?.id === id ? batch : null, problem, look };
}
