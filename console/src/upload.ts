import { addressOf, failureOf, unreachable } from './api.ts';

export interface Upload {
  readonly form: FormData;
  readonly idempotencyKey: string;
  readonly onProgress: (sentBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Sends a form and tells how much of it has gone; fetch cannot. @throws ApiFailure as `call` does */
export function upload<Body>(path: string, { form, idempotencyKey, onProgress, signal }: Upload): Promise<Body> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('POST', addressOf(path));
    request.responseType = 'json';
    request.setRequestHeader('x-ktpflow-console', '1');
    request.setRequestHeader('idempotency-key', idempotencyKey);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      if (request.status < 300) resolve(request.response as Body);
      else reject(failureOf(request.status, request.response));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.send(form);
  });
}
