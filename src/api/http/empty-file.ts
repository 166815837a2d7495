import type { Readable } from 'node:stream';

/** Whether a stream ends without a byte. What there is stays in it, to be read from the beginning. */
export function isEmptyFile(file: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      file.off('readable', look).off('end', ended).off('close', closed).off('error', failed);
      action();
    };
    const look = () => {
      const bytes: Buffer | null = file.read();
      if (bytes === null) return;
      settle(() => {
        file.unshift(bytes);
        resolve(false);
      });
    };
    const ended = () => settle(() => resolve(true));
    const closed = () => settle(() => reject(new Error('the file was closed before its first byte')));
    const failed = (error: Error) => settle(() => reject(error));
    file.on('readable', look).once('end', ended).once('close', closed).once('error', failed);
  });
}
