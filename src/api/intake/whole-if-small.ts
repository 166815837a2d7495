import type { Readable } from 'node:stream';
import { uploadInterrupted } from '../http/multipart.ts';

/**
 * The content of a stream that ends within so many bytes. Of a longer one nothing is taken: it is to be read from its
 * beginning.
 * @throws KtpflowError malformed_request for a stream that is closed before, and what the stream fails with
 */
export function wholeIfSmall(source: Readable, maximumBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const taken: Buffer[] = [];
    let size = 0;
    const settle = (action: () => void) => {
      source.off('readable', look).off('end', ended).off('close', closed).off('error', failed);
      action();
    };
    const look = () => {
      for (let bytes: Buffer | null = source.read(); bytes !== null; bytes = source.read()) {
        taken.push(bytes);
        size += bytes.length;
        if (size > maximumBytes) {
          return settle(() => {
            source.unshift(Buffer.concat(taken));
            resolve(undefined);
          });
        }
      }
    };
    const ended = () => settle(() => resolve(Buffer.concat(taken)));
    const closed = () => settle(() => reject(uploadInterrupted()));
    const failed = (error: Error) => settle(() => reject(error));
    if (source.errored) return reject(source.errored);
    if (source.destroyed) return reject(uploadInterrupted());
    source.on('readable', look).once('end', ended).once('close', closed).once('error', failed);
  });
}
