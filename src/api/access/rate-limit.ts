import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { KtpflowError } from '../../errors.ts';
import type { Caller } from './caller.ts';

const WINDOW_SECONDS = 60;

/**
 * How many requests a key may make in a minute, counted in this process: with several API processes it may make as many
 * times more. All callers without a key count as one.
 */
export class RateLimit {
  readonly #limiter: RateLimiterMemory | null;

  /** @param perMinute 0: no limit */
  constructor(perMinute: number) {
    this.#limiter = perMinute > 0 ? new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS }) : null;
  }

  /** Counts a request. @throws KtpflowError rate_limited, with the time until the next one may come */
  async take({ actor }: Pick<Caller, 'actor'>): Promise<void> {
    try {
      await this.#limiter?.consume(actor);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new KtpflowError('rate_limited', 'Too many requests with this key; try again later.', {
        retryAfterSeconds: Math.ceil(refusal.msBeforeNext / 1000),
      });
    }
  }
}
