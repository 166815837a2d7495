import { KtpflowError } from '../errors.ts';
import type { StreamFailure } from './stream-log.ts';

/** A recorded failure as the error that it was. */
export function asError({ code, message, param }: StreamFailure): KtpflowError {
  return new KtpflowError(code, message, param === null ? {} : { param });
}

/** A recorded failure as OpenAI writes errors. */
export function errorObject(failure: StreamFailure) {
  const { code, message, param, type } = asError(failure);
  return { message, type, param, code };
}
