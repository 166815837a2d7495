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
    const candidates = this.#candidates(logits, logits[best] ?? 0);
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    let rest = dice(this.#options.seed, this.#place) * total;
    for (const { id, weight } of candidates) {
      rest -= weight;
      if (rest < 0) return id;
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

  /** The tokens that may be drawn, likeliest first. */
  #candidates(logits: Float32Array, best: number): { readonly id: number; readonly weight: number }[] {
    const { temperature, topK, topP } = this.#options;
    const floor = best - NEGLIGIBLE * temperature;
    const found: { id: number; weight: number }[] = [];
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id] ?? Number.NEGATIVE_INFINITY;
      if (logit >= floor) found.push({ id, weight: Math.exp((logit - best) / temperature) });
    }
    found.sort((a, b) => b.weight - a.weight || a.id - b.id);
    const kept = topK > 0 ? found.slice(0, topK) : found;
    if (topP >= 1) return kept;
    const total = kept.reduce((sum, { weight }) => sum + weight, 0);
    let mass = 0;
    const cut = kept.findIndex(({ weight }) => {
      mass += weight;
      return mass >= topP * total;
    });
    return cut < 0 ? kept : kept.slice(0, cut + 1);
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
