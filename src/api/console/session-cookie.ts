import type { Request } from 'express';
import { z } from 'zod';
import type { Keyring } from '../../encryption/keyring.ts';
import { SealError } from '../../encryption/keyring.ts';

/** A page of another site can send a form here, but not this header, and the cookie counts for nothing without it. */
export const CONSOLE_HEADER = 'x-ktpflow-console';

const COOKIE = 'ktpflow_console';
const CONTEXT = 'console session';
const SESSION_SECONDS = 12 * 3600;

const sessionSchema = z.object({ key: z.string(), until: z.number() });

/**
 * The cookie of a console where somebody has signed in: the key itself, sealed, for twelve hours. Nothing is kept of it,
 * any process of the API can open it, and it ends with the key. Scripts of the page cannot read it.
 */
export function sessionCookie(keyring: Keyring, key: string, isSecure: boolean): string {
  const session = { key, until: Date.now() + SESSION_SECONDS * 1000 };
  const value = Buffer.from(keyring.seal(Buffer.from(JSON.stringify(session)), CONTEXT)).toString('base64url');
  return cookie(value, SESSION_SECONDS, isSecure);
}

/** Ends a session in the browser. */
export function endedCookie(isSecure: boolean): string {
  return cookie('', 0, isSecure);
}

/** The key of whoever has signed in at the console; undefined where the request is none of the console's. */
export function sessionKey(keyring: Keyring, request: Request): string | undefined {
  if (request.get(CONSOLE_HEADER) === undefined) return undefined;
  const pairs = (request.get('cookie') ?? '').split(';').map((pair) => pair.trim().split('='));
  const value = pairs.find(([name]) => name === COOKIE)?.[1];
  if (!value) return undefined;
  try {
    const opened = keyring.unseal(new Uint8Array(Buffer.from(value, 'base64url')), CONTEXT);
    const { key, until } = sessionSchema.parse(JSON.parse(Buffer.from(opened).toString()));
    return until > Date.now() ? key : undefined;
  } catch (error) {
    if (error instanceof SealError || error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function cookie(value: string, seconds: number, isSecure: boolean): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${seconds}`, ...(isSecure ? ['Secure'] : [])];
  return [`${COOKIE}=${value}`, ...attributes].join('; ');
}
