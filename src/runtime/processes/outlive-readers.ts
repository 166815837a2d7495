/**
 * Keeps this process alive when nobody takes its output any more: the `tee` behind it was killed, the log's disk is
 * full, the terminal is gone. What is written then is lost; the work goes on.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
