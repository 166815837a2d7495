import type { Request } from 'express';
import { isLoopbackAddress, isLoopbackHost } from '../http/loopback.ts';

/** Headers by which proxies, load balancers and content networks tell for whom they ask. Lower case. */
const FORWARDING = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-real-host',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'x-original-forwarded-for',
  'x-envoy-external-address',
  'x-azure-clientip',
  'x-appengine-user-ip',
  'x-nf-client-connection-ip',
  'true-client-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ray',
  'cdn-loop',
]);

/**
 * Whether a request was made by a program of this machine, for this machine: not through a proxy that runs on it, and
 * not by a web page, whose name may have been rebound to 127.0.0.1 or which may just send a form to localhost.
 *
 * A proxy that adds no header and speaks HTTP/1.1 cannot be told from a local program: before one is set up, a key
 * has to be.
 */
export function isLocalCaller(request: Request): boolean {
  return (
    isLoopbackAddress(request.socket.remoteAddress) &&
    isLoopbackHost(request.get('host')) &&
    !isForwarded(request) &&
    isLocalOrigin(request.get('origin'))
  );
}

function isForwarded(request: Request): boolean {
  // HTTP/1.0 is what nginx speaks to whom it stands in front of, up to 1.29.6 and unless told otherwise; without any
  // directive it adds no header at all. No other client of today speaks it.
  if (request.httpVersionMajor < 1 || (request.httpVersionMajor === 1 && request.httpVersionMinor === 0)) return true;
  return Object.keys(request.headers).some((name) => FORWARDING.has(name) || name.startsWith('x-forwarded'));
}

/** Programs send no Origin; the pages of this server (`/docs`) and of others on this machine send theirs. */
function isLocalOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname);
}
