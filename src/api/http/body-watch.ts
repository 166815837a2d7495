import type { Request } from 'express';
import { KtpflowError } from '../../errors.ts';

/** Longest pause of an upload. */
const STALL_MS = 30_000;
/** Fewer bytes than these within that time are none: a byte now and then is no upload. */
const MIN_BYTES = 16;

/**
 * Watches a body arrive: one that moves may take as long as it needs, one that has stalled is given up. While we hold
 * the sender back ourselves (a disk that is slow), the time stands still.
 * @param onStalled called once, with request_timeout
 * @returns ends the watch; it ends by itself with the body
 */
export function watchBody(request: Request, onStalled: (error: KtpflowError) => void): () => void {
  let received = 0;
  let timer: NodeJS.Timeout;
  const arm = () => {
    clearTimeout(timer);
    received = 0;
    timer = setTimeout(() => {
      if (request.isPaused()) return arm();
      end();
      onStalled(new KtpflowError('request_timeout', 'The upload stalled.'));
    }, STALL_MS);
  };
  const take = (bytes: Buffer) => {
    received += bytes.length;
    if (received >= MIN_BYTES) arm();
  };
  const end = () => {
    clearTimeout(timer);
    request.off('data', take).off('end', end).off('close', end);
  };
  arm();
  request.on('data', take).once('end', end).once('close', end);
  return end;
}
