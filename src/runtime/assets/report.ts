/** Tells a person what is being fetched. */
export interface AssetReport {
  line(text: string): void;
  /** Bytes of one asset so far; `totalBytes` is null where the source does not tell. */
  progress(title: string, receivedBytes: number, totalBytes: number | null): void;
}

/** Says nothing: for processes that only use what another one fetched. */
export const silentReport: AssetReport = { line: () => {}, progress: () => {} };

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5000;

/** A bar that is redrawn on a terminal; elsewhere (a log, a CI job) a line every five seconds. */
export function createAssetReport(stream: NodeJS.WriteStream): AssetReport {
  const terminal = stream.isTTY === true;
  let lastDrawn = 0;
  let barShown = false;

  return {
    line(text) {
      if (barShown) stream.write('\r\x1b[K');
      barShown = false;
      stream.write(`${text}\n`);
      lastDrawn = performance.now();
    },
    progress(title, receivedBytes, totalBytes) {
      const now = performance.now();
      if (now - lastDrawn < (terminal ? REDRAW_MS : PLAIN_EVERY_MS)) return;
      lastDrawn = now;
      const text = `  ${title} ${describe(receivedBytes, totalBytes)}`;
      stream.write(terminal ? `\r\x1b[K${text} ${bar(receivedBytes, totalBytes)}` : `${text}\n`);
      barShown = terminal;
    },
  };
}

function describe(receivedBytes: number, totalBytes: number | null): string {
  const received = (receivedBytes / 1e6).toFixed(1);
  if (totalBytes === null) return `${received} MB`;
  return `${received} / ${(totalBytes / 1e6).toFixed(1)} MB`;
}

function bar(receivedBytes: number, totalBytes: number | null): string {
  if (totalBytes === null || totalBytes === 0) return '';
  const filled = Math.min(BAR_WIDTH, Math.round((receivedBytes / totalBytes) * BAR_WIDTH));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
}
