/**
 * The text by which a request is known again: keys in order, null left out where it means absent, without `stream`
 * and `stream_options`, which change how an answer is delivered and not what it is.
 */
export function canonicalBody(body: object): string {
  const { stream: _, stream_options: __, ...rest } = body as Record<string, unknown>;
  const present = Object.entries(rest).filter(([, value]) => value !== null);
  return JSON.stringify(sorted(Object.fromEntries(present)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([first], [second]) => (first < second ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
