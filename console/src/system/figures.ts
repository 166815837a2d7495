/** What is shown of /metrics; of a counter with labels the sum. */
const SHOWN = {
  waiting: /^ktpflow_waiting_requests(?:\{[^}]*\})? (\S+)$/gm,
  streams: /^ktpflow_live_streams(?:\{[^}]*\})? (\S+)$/gm,
  read: /^ktpflow_extractions_finished_total\{[^}]*outcome="succeeded"[^}]*\} (\S+)$/gm,
  failed: /^ktpflow_extractions_finished_total\{[^}]*outcome="failed"[^}]*\} (\S+)$/gm,
} as const;

export type FigureName = keyof typeof SHOWN;

/** Some figures out of Prometheus text; none where it cannot be had. */
export function figuresOf(metrics: string): { readonly name: FigureName; readonly value: number }[] {
  if (metrics === '') return [];
  return (Object.keys(SHOWN) as FigureName[]).map((name) => ({
    name,
    value: [...metrics.matchAll(SHOWN[name])].reduce((sum, [, value]) => sum + Number(value), 0),
  }));
}
