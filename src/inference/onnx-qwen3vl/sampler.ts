/** How a token is chosen. */
export interface SamplerOptions {
  /** 0: always the likeliest. */
  readonly temperature: number;
  readonly topP: number;
  /** 0: no limit. */
  readonly topK: number;
  readonly seed: number;
  /** Subtracted once from what the answer has said, and once for each time. */
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** Divides what prompt or answer have said; 1: off. */
  readonly repetitionPenalty: number;
}

/** Logits so far below the best one have no chance that counts: e to the -25th. */
const NEGLIGIBLE = 25;

/**
 * Chooses tokens. Chance depends on the seed and on the place in the answer only, so that an answer that is continued
 * elsewhere goes on with the same dice.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #prompt: ReadonlySet<number>;
  readonly #said = new Map<number, number>();
  #place = 0;

  constructor(options: SamplerOptions, prompt: readonly number[]) {
    this.#options = options;
    this.#prompt = new Set(options.repetitionPenalty === 1 ? [] : prompt);
  }

  /** Counts a token as said. */
  accept(id: number): void {
    this.#said.set(id, (this.#said.get(id) ?? 0) + 1);
    this.#place++;
  }

  /**
   * @param logits of every token; changed in place.
   * @param allowed bit i % 32 of word i / 32 says whether token i may be chosen; null: all.
   */
  choose(logits: Float32Array, allowed: Int32Array | null): number {
    if (allowed) forbid(logits, allowed);
    this.#penalise(logits);
    const best = largest(logits);
    const { temperature } = this.#options;
    if (temperature === 0) return best;
    const { ids, total, weights } = this.#candidates(logits, logits[best] ?? 0);
    let rest = dice(this.#options.seed, this.#place) * total;
    for (let index = 0; index < ids.length; index++) {
      rest -= weights[index] ?? 0;
      if (rest < 0) return ids[index] ?? best;
    }
    return best;
  }

  #penalise(logits: Float32Array): void {
    const { presencePenalty, frequencyPenalty, repetitionPenalty } = this.#options;
    if (repetitionPenalty !== 1) {
      for (const id of new Set([...this.#prompt, ...this.#said.keys()])) {
        const logit = logits[id] ?? 0;
        logits[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
      }
    }
    if (presencePenalty === 0 && frequencyPenalty === 0) return;
    for (const [id, count] of this.#said) {
      logits[id] = (logits[id] ?? 0) - presencePenalty - frequencyPenalty * count;
    }
  }

  /** The tokens that may be drawn. */
  #candidates(logits: Float32Array, best: number): Candidates {
    const { temperature, topK, topP } = this.#options;
    const floor = best - NEGLIGIBLE * temperature;
    const ids = topK > 0 ? strongest(logits, topK, floor) : allFrom(logits, floor);
    const weights = new Float64Array(ids.length);
    let total = 0;
    for (let index = 0; index < ids.length; index++) {
      const weight = Math.exp(((logits[ids[index] ?? 0] ?? 0) - best) / temperature);
      weights[index] = weight;
      total += weight;
    }
    const all = { ids, weights, total };
    return topP < 1 ? nucleus(all, topP) : all;
  }
}

/** Loops over these are plain ones, without iterators: a vocabulary has 150,000 tokens, and each answered one waits. */
interface Candidates {
  readonly ids: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  readonly total: number;
}

function allFrom(logits: Float32Array, floor: number): Int32Array {
  const ids = new Int32Array(logits.length);
  let count = 0;
  for (let id = 0; id < logits.length; id++) if ((logits[id] ?? 0) >= floor) ids[count++] = id;
  return ids.subarray(0, count);
}

/** Beyond twice what is wanted the weaker ones are dropped; so many more, lest that be done at every other token. */
const SPARE = 64;

/** So many of the largest from `floor` on, in order. */
function strongest(logits: Float32Array, count: number, floor: number): number[] {
  const byLogit = (a: number, b: number): number => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b;
  const kept: number[] = [];
  let threshold = floor;
  for (let id = 0; id < logits.length; id++) {
    if ((logits[id] ?? 0) < threshold) continue;
    kept.push(id);
    if (kept.length < 2 * count + SPARE) continue;
    kept.sort(byLogit).length = count;
    threshold = logits[kept.at(-1) ?? 0] ?? floor;
  }
  return kept.sort(byLogit).slice(0, count);
}

/** Weights are looked at down to this share of the largest first, then to this share of that, and so on. */
const STEP_DOWN = 1e-2;

/** The likeliest, in order, that have this share of the chances together. Sorted only as far as is needed. */
function nucleus({ ids, weights, total }: Candidates, share: number): Candidates {
  for (let floor = STEP_DOWN; ; floor *= STEP_DOWN) {
    const order: number[] = [];
    let mass = 0;
    for (let index = 0; index < ids.length; index++) {
      const weight = weights[index] ?? 0;
      if (weight < floor) continue;
      order.push(index);
      mass += weight;
    }
    if (order.length < ids.length && mass < share * total) continue;
    order.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
    let sum = 0;
    let count = 0;
    while (count < order.length && sum < share * total) sum += weights[order[count++] ?? 0] ?? 0;
    const kept = order.slice(0, count);
    return { ids: kept.map((index) => ids[index] ?? 0), weights: kept.map((index) => weights[index] ?? 0), total: sum };
  }
}

function forbid(logits: Float32Array, allowed: Int32Array): void {
  for (let id = 0; id < logits.length; id++) {
    if ((((allowed[id >> 5] ?? 0) >>> (id & 31)) & 1) === 0) logits[id] = Number.NEGATIVE_INFINITY;
  }
}

/** The first of the largest, as numpy and torch have it. */
function largest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) {
    if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  }
  return best;
}

/** 0 up to 1, from a seed and a place: a mixed counter (splitmix32). */
function dice(seed: number, place: number): number {
  let x = (seed + Math.imul(place + 1, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}
