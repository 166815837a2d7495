import { randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import type { Express, Request, RequestHandler } from 'express';
import { z } from 'zod';
import { KtpflowError } from '../../errors.ts';
import { ANONYMOUS } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { findPage } from './page-files.ts';
import { CONSOLE_HEADER, endedCookie, sessionCookie, sessionKey } from './session-cookie.ts';

/** Names of assets hold a hash of what is in them. */
const ASSET_MAX_AGE_SECONDS = 31_536_000;

const signInSchema = z.strictObject({ key: z.string().trim().min(1).max(512) });

/** A key of a session at the console counts as if the page had sent it; before every other route. */
export function acceptConsoleSessions({ keyring }: Pick<RouteContext, 'keyring'>): RequestHandler {
  return (request, _response, next) => {
    const key = request.get('authorization') === undefined ? sessionKey(keyring, request) : undefined;
    if (key !== undefined) request.headers.authorization = `Bearer ${key}`;
    next();
  };
}

type ConsoleContext = Pick<RouteContext, 'authenticator' | 'config' | 'keyring'>;

/** The page at /console/, and signing in to it. Every address in the page is relative: a proxy may put a prefix before it. */
export function consolePage(app: Express, context: ConsoleContext): void {
  const { authenticator, config, keyring } = context;
  const page = findPage();

  const html: RequestHandler = (request, response) => {
    if (!page) throw new KtpflowError('not_found', 'The console was not built: run "npm run build".');
    // Relative, so that a prefix which a proxy took away stays.
    if (!request.path.endsWith('/')) return void response.redirect(308, 'console/');
    // For the one style that the component library adds by itself.
    const nonce = randomBytes(16).toString('base64');
    response.set('content-security-policy', policyOf(nonce));
    response.set('permissions-policy', 'geolocation=(), microphone=()');
    response.type('html').send(page.html.replaceAll('__NONCE__', nonce));
  };

  const asset: RequestHandler<{ name: string }> = (request, response) => {
    const { name } = request.params;
    const found = page?.asset(name);
    if (!found) throw new KtpflowError('not_found', 'There is no such file.');
    response.setHeader('cache-control', `public, max-age=${ASSET_MAX_AGE_SECONDS}, immutable`);
    response.vary('accept-encoding').type(extname(name));
    const isPacked = found.gzip !== null && request.acceptsEncodings('gzip') === 'gzip';
    if (isPacked) response.setHeader('content-encoding', 'gzip');
    response.send(isPacked ? found.gzip : found.bytes);
  };

  const who: RequestHandler = async (request, response) => {
    requirePage(request);
    const { actor, scopes } = await authenticator.authenticate(request);
    response.json({ signed_in: actor !== ANONYMOUS, scopes: [...scopes] });
  };

  const signIn: RequestHandler = async (request, response) => {
    requirePage(request);
    const { key } = signInSchema.parse(request.body);
    request.headers.authorization = `Bearer ${key}`;
    const { actor, scopes } = await authenticator.authenticate(request);
    // Where no key is needed, any is accepted: it would be kept for nothing.
    if (actor !== ANONYMOUS) response.setHeader('set-cookie', sessionCookie(keyring, key, request.secure));
    response.json({ signed_in: actor !== ANONYMOUS, scopes: [...scopes] });
  };

  const signOut: RequestHandler = (request, response) => {
    requirePage(request);
    response.setHeader('set-cookie', endedCookie(request.secure));
    response.status(204).end();
  };

  route(app, '/console', { get: [html] });
  route(app, '/console/assets/:name', { get: [asset as RequestHandler] });
  route(app, '/console/session', { get: [who], post: [...jsonBody(config), signIn], delete: [signOut] });
}

function requirePage(request: Request): void {
  if (request.get(CONSOLE_HEADER) !== undefined) return;
  throw new KtpflowError('insufficient_scope', `This is for the console: it sends the header ${CONSOLE_HEADER}.`);
}

function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
