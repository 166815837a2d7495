import '../refuse-telemetry.ts';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { runSession } from './session.ts';

/** Height of the recogniser's input in pixels. */
export const LINE_HEIGHT = 48;

/** Lines that one run of the recogniser reads: `count` inputs of three planes, LINE_HEIGHT x `width` each. */
export interface LineBatch {
  readonly count: number;
  readonly width: number;
  readonly pixels: Float32Array;
  /** To be read with floats alone. */
  readonly exact: boolean;
}

/** The recogniser in two forms: with its widest layers in bytes, and with floats alone. */
export interface Recognisers {
  readonly quick: InferenceSession;
  readonly exact: InferenceSession;
}

/** A batch whose pixels are written when its turn comes. */
export interface PendingBatch {
  /** What a run takes, against others. */
  readonly cost: number;
  readonly prepare: () => LineBatch;
}

/** Probabilities of a batch's lines: count x steps x columns. */
export interface BatchOutput {
  readonly steps: number;
  readonly columns: number;
  readonly probabilities: Float32Array;
}

/** Runs batches; answers in their order. */
export type RunBatches = (batches: readonly PendingBatch[]) => Promise<BatchOutput[]>;

/** Recognisers beside this one. */
export interface Helpers {
  /** How many there are. */
  readonly count: number;
  /** How many of them have nothing to do now. */
  readonly idle: number;
  /** Lets an idle one run batches; null where none is idle any more, or it failed. Never rejects. */
  run(batches: readonly LineBatch[]): Promise<readonly BatchOutput[] | null>;
}

/** Runs one batch in this thread. */
export async function runBatch(
  sessions: Recognisers,
  { count, exact, pixels, width }: LineBatch,
): Promise<BatchOutput> {
  const input = new Tensor('float32', pixels, [count, 3, LINE_HEIGHT, width]);
  const { data, dims } = await runSession(exact ? sessions.exact : sessions.quick, input);
  return { steps: dims[1] ?? 0, columns: dims[2] ?? 0, probabilities: data };
}

/**
 * Runs batches in this thread and, where others are idle, in those at the same time. A batch gives the same whoever runs
 * it.
 */
export async function runShared(
  sessions: Recognisers,
  batches: readonly PendingBatch[],
  helpers?: Helpers,
): Promise<BatchOutput[]> {
  const outputs: BatchOutput[] = [];
  const [own = [], ...others] = divide(batches, 1 + (helpers?.idle ?? 0));
  const lent = others.map(async (share) => ({
    share,
    answers: (await helpers?.run(share.map(({ batch }) => batch.prepare()))) ?? null,
  }));
  const runOwn = async (share: readonly Placed[]): Promise<void> => {
    for (const { index, batch } of share) outputs[index] = await runBatch(sessions, batch.prepare());
  };
  await runOwn(own);
  for (const { share, answers } of await Promise.all(lent)) {
    if (answers?.length !== share.length) await runOwn(share);
    else for (const [position, { index }] of share.entries()) outputs[index] = answers[position] as BatchOutput;
  }
  return outputs;
}

interface Placed {
  readonly index: number;
  readonly batch: PendingBatch;
}

/** Deals batches into at most so many shares that cost about the same; the first one is never the cheapest. */
function divide(batches: readonly PendingBatch[], most: number): Placed[][] {
  const shares = Array.from({ length: Math.max(1, Math.min(most, batches.length)) }, () => ({
    cost: 0,
    placed: [] as Placed[],
  }));
  const dearestFirst = batches
    .map((batch, index): Placed => ({ index, batch }))
    .sort((p, q) => q.batch.cost - p.batch.cost);
  for (const placed of dearestFirst) {
    const share = shares.reduce((least, other) => (other.cost < least.cost ? other : least));
    share.cost += placed.batch.cost;
    share.placed.push(placed);
  }
  return shares.sort((p, q) => q.cost - p.cost).map(({ placed }) => placed);
}
