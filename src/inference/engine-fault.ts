import { KtpflowError } from '../errors.ts';

/**
 * An engine that is there and answers, but says that it failed, or says what cannot be understood. Unlike a connection
 * that broke or a server that is being restarted, this seldom gets better by itself: an answer is not tried for long.
 */
export class EngineFault extends KtpflowError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('upstream_failed', message, { ...options, retryable: true });
  }
}

/** An answer that was interrupted after it had begun: the engine may be away for a moment, or die of this very request. */
export class BrokenAnswer extends EngineFault {}
