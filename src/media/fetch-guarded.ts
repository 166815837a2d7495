import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { AbortScope } from '../abort-scope.ts';
import { KtpflowError } from '../errors.ts';
import { decompress } from './decompress.ts';
import { isPublicAddress } from './public-address.ts';

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Resolves a name to all its addresses. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** What a stranger's URL may lead to. */
export interface GuardOptions {
  /** true: private addresses are reached too; for tests and closed networks. */
  readonly allowPrivate: boolean;
  /** Which addresses count as public. Default: isPublicAddress. */
  readonly isPublic?: ((address: string) => boolean) | undefined;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve | undefined;
}

export interface GuardedFetchOptions extends GuardOptions {
  /** Cap of the body, as sent and as decompressed. */
  readonly maxBytes: number;
  /** From the first lookup to the last byte, redirects included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly bytes: Buffer;
  /** Lower case, without parameters; what the server claims, not what the bytes are. */
  readonly mediaType: string;
}

/**
 * Fetches what a stranger's URL names, without letting it reach this network: http(s) only, no credentials in the URL,
 * every address checked when the connection is made (a name that resolves to something else then, or rebinds later,
 * does not pass), redirects checked the same, no proxy of the environment, no cookies, and caps on time and bytes.
 * Errors never quote the URL.
 * @throws KtpflowError blocked_url, image_fetch_failed, payload_too_large, deadline_exceeded
 */
export async function fetchGuarded(address: string, options: GuardedFetchOptions): Promise<GuardedResponse> {
  using scope = new AbortScope([options.signal], options.timeoutMs);
  const { signal } = scope;
  const dispatcher = new Agent({
    connect: { lookup: guardedLookup(options), timeout: options.timeoutMs },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    maxHeaderSize: 16_384,
    pipelining: 0,
  });
  try {
    const response = await followRedirects(parseUrl(address), { dispatcher, signal, options });
    const bytes = await readCapped(decompressed(response), options.maxBytes, signal);
    const [mediaType = ''] = String(response.headers['content-type'] ?? '').split(';');
    return { bytes, mediaType: mediaType.trim().toLowerCase() };
  } catch (error) {
    if (scope.timedOut) {
      throw new KtpflowError('deadline_exceeded', 'The image could not be fetched in time.', { param: 'image_url' });
    }
    throw asFetchError(error);
  } finally {
    // Not close(): it would wait for a body that nobody reads.
    await dispatcher.destroy().catch(() => undefined);
  }
}

interface FetchState {
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly options: GuardedFetchOptions;
}

async function followRedirects(start: URL, { dispatcher, signal, options }: FetchState) {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    checkUrl(url, options);
    const response = await request(url, {
      dispatcher,
      signal,
      headers: { accept: 'image/*,*/*;q=0.5', 'accept-encoding': 'identity', 'user-agent': 'ktpflow' },
    });
    // A body that is destroyed, here or by the signal, says so by an error that nobody else may be listening to.
    response.body.on('error', () => undefined);
    const location = response.headers.location;
    if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') {
      if (response.statusCode !== 200) throw fetchFailed('The image server did not answer with status 200.');
      return response;
    }
    response.body.destroy();
    url = parseUrl(location, url);
  }
  throw fetchFailed(`The image is behind more than ${MAX_REDIRECTS} redirects.`);
}

/** @throws KtpflowError blocked_url */
export function parseUrl(address: string, base?: URL): URL {
  try {
    return new URL(address, base);
  } catch {
    throw blocked('The URL is not valid.');
  }
}

/**
 * What can be told without a lookup. An IP literal in any notation is normalised by the URL parser.
 * @throws KtpflowError blocked_url
 */
export function checkUrl(url: URL, { allowPrivate, isPublic = isPublicAddress }: GuardOptions): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw blocked('Only http and https URLs are fetched.');
  if (url.username !== '' || url.password !== '') throw blocked('URLs must not contain credentials.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // Not every resolver knows these names, but each of them means this machine (RFC 6761).
  if (/^(.+\.)?localhost\.?$/.test(host) && !allowPrivate) throw notPublic();
  // Node makes no lookup for an IP literal, so that it has to be checked here.
  if (isIP(host) !== 0 && !allowPrivate && !isPublic(host)) throw notPublic();
}

/** The lookup of the connection itself: what it gives back is what is connected to. */
export function guardedLookup({
  allowPrivate,
  isPublic = isPublicAddress,
  resolve = systemResolve,
}: GuardOptions): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) return callback(new Error('the name has no address'), '', 0);
        // One private address among public ones is an attack or a mistake; neither is worth a try.
        if (!allowPrivate && !addresses.every(({ address }) => isPublic(address))) {
          return callback(notPublic(), '', 0);
        }
        if (lookupOptions.all) return callback(null, addresses);
        return callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, '', 0),
    );
  };
}

export const systemResolve: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });

/** We ask for identity; a server that compresses nevertheless is read, under the same cap. */
function decompressed(response: Dispatcher.ResponseData): Readable {
  const body = decompress(response.body, response.headers['content-encoding']);
  if (!body) throw fetchFailed('The image has an unsupported Content-Encoding.');
  return body;
}

async function readCapped(source: Readable, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const stop = () => source.destroy(new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const part of source as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes) {
        const megabytes = Math.floor(maxBytes / 1024 / 1024);
        throw new KtpflowError('payload_too_large', `Files behind a URL must not exceed ${megabytes} MB.`, {
          param: 'image_url',
        });
      }
      parts.push(part);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(parts, size);
}

function blocked(message: string): KtpflowError {
  return new KtpflowError('blocked_url', message, { param: 'image_url' });
}

export function notPublic(): KtpflowError {
  return blocked('The URL points to an address that is not public.');
}

function fetchFailed(message: string, cause?: unknown): KtpflowError {
  return new KtpflowError('image_fetch_failed', message, { param: 'image_url', cause });
}

function asFetchError(error: unknown): KtpflowError {
  for (let thrown = error; thrown instanceof Error; thrown = thrown.cause) {
    if (thrown instanceof KtpflowError) return thrown;
  }
  return fetchFailed('The image could not be fetched.', error);
}
