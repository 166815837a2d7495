import type { IncomingMessage } from 'node:http';

/** `uri-host [":" port]` of RFC 9110, 7.2: a name, an address, or an IPv6 address in brackets; may be empty. */
const HOST = /^(\[[\w.:%~-]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?$/;

/**
 * What is wrong with the version, the Host or the target of a request. Of two hosts (RFC 9112, 3.2) each program on the
 * way could take another one.
 * @returns what to answer with status 400; null where all is well
 */
export function targetProblem({ headersDistinct, httpVersion, url = '' }: IncomingMessage): string | null {
  if (!httpVersion.startsWith('1.')) return 'The request is not HTTP/1.1.';
  const hosts = headersDistinct.host ?? [];
  if (hosts.length > 1) return 'The request has more than one Host header.';
  const [host] = hosts;
  // HTTP/1.0 has none.
  if (host === undefined && httpVersion !== '1.0') return 'The request has no Host header.';
  if (host !== undefined && !HOST.test(host)) return 'The Host header of the request is not a host.';
  if (isAbsolute(url) && !(URL.canParse(url) && /^https?:/i.test(url))) return 'The URL of the request is malformed.';
  return null;
}

/**
 * Brings `GET http://host/path`, as a client speaks to a proxy, into the usual form. Its host is the one that counts, not
 * that of the header (RFC 9112, 3.2.2).
 */
export function toOriginForm(request: IncomingMessage): void {
  if (!isAbsolute(request.url ?? '')) return;
  const { host, pathname, search } = new URL(request.url ?? '');
  request.url = `${pathname}${search}`;
  request.headers.host = host;
}

/** The others are a path, and `*` for the server as a whole. */
function isAbsolute(url: string): boolean {
  return !url.startsWith('/') && url !== '*';
}
