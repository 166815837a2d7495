import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { KtpflowError } from '../errors.ts';
import { checkUrl, type GuardOptions, guardedLookup, notPublic, parseUrl, systemResolve } from './fetch-guarded.ts';
import { isPublicAddress } from './public-address.ts';
import { parseRetryAfter } from './retry-after.ts';

/**
 * Checks a URL that something is to be sent to later: its form, and the addresses that its name has now. A name without
 * an address passes, since it may have one later: the guard looks again at every sending.
 * @throws KtpflowError blocked_url
 */
export async function checkTarget(address: string, options: GuardOptions): Promise<void> {
  const { allowPrivate, isPublic = isPublicAddress, resolve = systemResolve } = options;
  const url = parseUrl(address);
  checkUrl(url, options);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (allowPrivate || isIP(host) !== 0) return;
  const addresses = await resolve(host).catch(() => []);
  if (!addresses.every((found) => isPublic(found.address))) throw notPublic();
}

export interface GuardedPostOptions extends GuardOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the lookup to the headers of the answer. */
  readonly timeoutMs: number;
}

/** What came of it; a redirect is an answer like any other, and is not followed. */
export type PostOutcome =
  | { readonly status: number; readonly retryAfterMs: number | null }
  | { readonly status: null; readonly error: 'blocked_url' | 'timeout' | 'tls_failed' | 'connection_failed' };

/** Posts to a stranger's URL behind the same guard as fetchGuarded; of the answer only the head is read. */
export async function postGuarded(address: string, options: GuardedPostOptions): Promise<PostOutcome> {
  const { body, headers, timeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const dispatcher = new Agent({
    connect: { lookup: guardedLookup(options), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: 16_384,
    pipelining: 0,
  });
  try {
    const url = parseUrl(address);
    checkUrl(url, options);
    const response = await request(url, { method: 'POST', dispatcher, signal, headers, body });
    // A body that is destroyed says so by an error that nobody else may be listening to.
    response.body.on('error', () => undefined);
    response.body.destroy();
    return { status: response.statusCode, retryAfterMs: parseRetryAfter(response.headers['retry-after']) };
  } catch (error) {
    if (isBlocked(error)) return { status: null, error: 'blocked_url' };
    if (signal.aborted || isTimeout(error)) return { status: null, error: 'timeout' };
    return { status: null, error: isTlsFault(error) ? 'tls_failed' : 'connection_failed' };
  } finally {
    // Not close(): it would wait for a body that nobody reads.
    await dispatcher.destroy().catch(() => undefined);
  }
}

function isBlocked(error: unknown): boolean {
  for (let thrown = error; thrown instanceof Error; thrown = thrown.cause) {
    if (thrown instanceof KtpflowError) return thrown.code === 'blocked_url';
  }
  return false;
}

/** Of the certificate (its codes are OpenSSL's reasons, which have no prefix), or of the handshake. */
function isTlsFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^ERR_(TLS|SSL)_|CERT|SIGNATURE|CRL/.test(code);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^UND_ERR_.*_TIMEOUT$/.test(String(error.code));
}
