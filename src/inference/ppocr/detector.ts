import '../refuse-telemetry.ts';
import { readFile } from 'node:fs/promises';
import { Tensor } from 'onnxruntime-node';
import { prepareDetectionModel } from './detection-model.ts';
import { createSession, runSession } from './session.ts';

/** Pixels of the largest window that a session keeps its memory for: a look at a whole picture, 736 pixels a side. */
const ORDINARY = 736 * 736;

/** The detector's network. Not re-entrant. */
export interface Detector {
  /** Text probability of each pixel of an input of three planes, `width` x `height` each. */
  run(input: Float32Array, width: number, height: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Who else could use the processor's cores. */
export interface Cores {
  /** Threads of a run while others need the rest of the cores, and of one that has all to itself. */
  readonly shared: number;
  readonly all: number;
  /** Whether nobody else needs them now. */
  readonly isAlone: () => boolean;
}

/**
 * Loads the detector. Its values are megabytes each, and memory that is fetched from the system anew for each of them costs
 * a tenth of a run: a session keeps what an ordinary window takes. Larger windows are rare; each has a session of its
 * own, so that nobody keeps what they take. A session's threads are its own for good: a run on all cores has another one,
 * which is loaded (40 MB, a fifth of a second) by the first such run. Both answer the same.
 */
export async function createDetector(modelPath: string, { all, isAlone, shared }: Cores): Promise<Detector> {
  const load = async (threads: number, keepsMemory: boolean) =>
    createSession(prepareDetectionModel(await readFile(modelPath)), threads, { keepsMemory });
  const kept = new Map([[shared, await load(shared, true)]]);
  const keptFor = async (threads: number) => {
    const session = kept.get(threads) ?? (await load(threads, true));
    kept.set(threads, session);
    return session;
  };
  return {
    run: async (input, width, height) => {
      const isOrdinary = width * height <= ORDINARY;
      const threads = isAlone() ? all : shared;
      const session = isOrdinary ? await keptFor(threads) : await load(threads, false);
      try {
        const { data, dims } = await runSession(session, new Tensor('float32', input, [1, 3, height, width]));
        if (dims[2] !== height || dims[3] !== width) throw new RangeError('the detection model answers another size');
        return data;
      } finally {
        if (!isOrdinary) await session.release();
      }
    },
    release: async () => {
      for (const session of kept.values()) await session.release();
    },
  };
}
