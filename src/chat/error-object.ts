import { KtpflowError } from '../errors.ts';
import type { StreamFailure } from './stream-log.ts';

/** A recorded failure as the error that it was. */
export function asError({ code, message, param, retryAfterSeconds }: StreamFailure): KtpflowError {
  return new KtpflowError(code, message, {
    ...(param !== null && { param }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** A recorded failure as OpenAI writes errors; in a stream there is no status that says whether a repeat can help. */
export function errorObject(failure: StreamFailure) {
  const { code, message, param, retryable, type } = asError(failure);
  return { message, type, param, code, ...((failure.retryable ?? retryable) && { retryable: true }) };
}
