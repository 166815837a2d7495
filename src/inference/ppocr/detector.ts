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
 * own, so that nobody keeps what they take. A session's threads are its own for good: a run on all cores has another one.
 * Both answer the same.
 */
export async function createDetector(modelPath: string, { all, isAlone, shared }: Cores): Promise<Detector> {
  const prepare = async () => prepareDetectionModel(await readFile(modelPath));
  const model = await prepare();
  const ordinary = await createSession(model, shared, { keepsMemory: true });
  const wide = all > shared ? await createSession(model, all, { keepsMemory: true }) : ordinary;
  return {
    run: async (input, width, height) => {
      const isOrdinary = width * height <= ORDINARY;
      const onAll = isAlone();
      const kept = onAll ? wide : ordinary;
      const session = isOrdinary ? kept : await createSession(await prepare(), onAll ? all : shared);
      try {
        const { data, dims } = await runSession(session, new Tensor('float32', input, [1, 3, height, width]));
        if (dims[2] !== height || dims[3] !== width) throw new RangeError('the detection model answers another size');
        return data;
      } finally {
        if (!isOrdinary) await session.release();
      }
    },
    release: async () => {
      await ordinary.release();
      if (wide !== ordinary) await wide.release();
    },
  };
}
