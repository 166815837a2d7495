import { KtpflowError } from '../../errors.ts';

const RETRY_AFTER_SECONDS = 5;
/** How far those who hold less than their share may go over the limit that others have filled. */
const OVERFILL = 2;

export interface AdmissionOptions {
  /** Places, or bytes, of all tenants together. */
  readonly limit: number;
  /** Shown to who is refused. */
  readonly message: string;
  readonly onChange?: (taken: number) => void;
}

/**
 * Bounds what is going on in this process at a time: requests that wait, bytes that are being received. Over the bound
 * a caller is told at once, instead of standing in a queue that it would time out in. One tenant alone may take
 * everything; who holds less than an equal share is let in nevertheless, up to twice the limit, so that no tenant can
 * keep the others out.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Takes a place, or as much as `weight` says; the returned function gives it back and may be called twice.
   * @throws KtpflowError queue_full
   */
  enter(tenant: string, weight = 1): () => void {
    this.check(tenant, weight);
    this.#change(tenant, weight);
    let inside = true;
    return () => {
      if (inside) this.#change(tenant, -weight);
      inside = false;
    };
  }

  /** Whether there is room, for who will come back with more. @throws KtpflowError queue_full */
  check(tenant: string, weight = 1): void {
    const { limit, message } = this.#options;
    // What is larger than the limit has to come alone.
    if (this.#taken === 0 || this.#taken + weight <= limit) return;
    const held = this.#held.get(tenant) ?? 0;
    const tenants = this.#held.size + (held === 0 ? 1 : 0);
    const withinShare = held === 0 || held + weight <= limit / tenants;
    if (tenants > 1 && withinShare && this.#taken + weight <= OVERFILL * limit) return;
    throw new KtpflowError('queue_full', message, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  #change(tenant: string, by: number): void {
    const held = (this.#held.get(tenant) ?? 0) + by;
    if (held > 0) this.#held.set(tenant, held);
    else this.#held.delete(tenant);
    this.#taken += by;
    this.#options.onChange?.(this.#taken);
  }
}
