import { KtpflowError } from '../../errors.ts';

/** @param advice what the reader of a stream that is broken off does next */
export function shuttingDown(advice = 'resume the session to go on'): KtpflowError {
  return new KtpflowError('shutting_down', `This server is being stopped; ${advice}.`, { retryAfterSeconds: 1 });
}
