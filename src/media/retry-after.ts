/**
 * How long a server wants to be left alone, in milliseconds from now: its Retry-After, of seconds or an HTTP date
 * (RFC 9110, 10.2.3). Of several the first one counts. null: there is none that can be read.
 */
export function parseRetryAfter(header: string | readonly string[] | undefined): number | null {
  const [first] = typeof header === 'string' ? [header] : (header ?? []);
  if (first === undefined || first.trim() === '') return null;
  const seconds = Number(first);
  const wait = Number.isNaN(seconds) ? Date.parse(first) - Date.now() : seconds * 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}
