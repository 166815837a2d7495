const BAR_WIDTH = 24;

export interface BatchProgress {
  readonly total: number;
  readonly finished: number;
  readonly failed: number;
  /** Cards a second; null while unknown. */
  readonly throughput: number | null;
  readonly etaSeconds: number | null;
}

/**
 * `[██████      ]  48 %  480/1000  3 failed  3.3 cards/s  2m37s left`; in fewer columns without the bar, then without
 * what stands at the end.
 */
export function progressBar(progress: BatchProgress, columns = Number.POSITIVE_INFINITY): string {
  const { total, finished, failed, throughput, etaSeconds } = progress;
  const share = total === 0 ? 0 : finished / total;
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = `[${'█'.repeat(filled).padEnd(BAR_WIDTH, '░')}]`;
  const parts = [
    `${String(Math.floor(share * 100)).padStart(3)} %`,
    `${finished}/${total}`,
    `${failed} failed`,
    throughput === null ? '' : `${throughput.toPrecision(2)} cards/s`,
    etaSeconds === null || finished === total ? '' : `${duration(etaSeconds)} left`,
  ].filter((part) => part !== '');
  const whole = `${bar} ${parts.join('  ')}`;
  if (whole.length <= columns) return whole;
  while (parts.length > 1 && parts.join('  ').trimStart().length > columns) parts.pop();
  return parts.join('  ').trimStart();
}

/** `45s`, `2m05s`, `1h12m` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
}
