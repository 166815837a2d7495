import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config, Scope } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { isLoopbackAddress, isLoopbackHost } from '../http/loopback.ts';
import { requestState } from '../http/request-state.ts';
import type { Caller } from './caller.ts';

interface KnownKey {
  readonly hash: Buffer;
  readonly caller: Caller;
}

const ANONYMOUS = 'anonymous';

/** SHA-256: keys are long and random, so that a slow hash would add nothing but a way to exhaust the server. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Knows the keys of API_KEYS and of the database. */
export class Authenticator {
  readonly #database: Database;
  readonly #environmentKeys: readonly KnownKey[];
  readonly #allowAnonymous: boolean;

  constructor(config: Config, database: Database) {
    this.#database = database;
    this.#allowAnonymous = config.ALLOW_ANONYMOUS;
    this.#environmentKeys = config.API_KEYS.map(({ key, scopes, tenant }) => {
      const hash = hashKey(key);
      const actor = `env_${hash.toString('hex').slice(0, 16)}`;
      return { hash, caller: { tenant: tenant ?? actor, actor, scopes: new Set(scopes) } };
    });
  }

  /** Whether any key exists; an expired one counts, so that its expiry does not open the door. */
  async keysExist(): Promise<boolean> {
    if (this.#environmentKeys.length > 0) return true;
    return (await this.#database.apiKey.findFirst({ where: { revokedAt: null }, select: { id: true } })) !== null;
  }

  /** @throws KtpflowError invalid_api_key */
  async authenticate(request: Request): Promise<Caller> {
    const key = /^Bearer +(\S{1,512}) *$/i.exec(request.get('authorization') ?? '')?.[1];
    const caller = key === undefined ? undefined : await this.#callerOf(hashKey(key));
    if (caller) return caller;
    if (await this.keysExist()) {
      throw new KtpflowError(
        'invalid_api_key',
        key === undefined ? 'Send a key as "Authorization: Bearer KEY".' : 'The key is not known, expired or revoked.',
      );
    }
    return this.#anonymous(request);
  }

  async #callerOf(hash: Buffer): Promise<Caller | undefined> {
    let found: Caller | undefined;
    // All of them, whichever fits: the time tells nothing.
    for (const known of this.#environmentKeys) if (timingSafeEqual(known.hash, hash)) found ??= known.caller;
    if (found) return found;
    const row = await this.#database.apiKey.findUnique({ where: { hash: new Uint8Array(hash) } });
    if (!row || row.revokedAt || (row.expiresAt && row.expiresAt <= new Date())) return undefined;
    return { tenant: row.tenant, actor: row.id, scopes: new Set(row.scopes as Scope[]) };
  }

  /**
   * Without any key the server answers on loopback: not to other machines through a proxy on this one, and not to a web
   * page whose name was rebound to 127.0.0.1.
   */
  #anonymous(request: Request): Caller {
    const local =
      isLoopbackAddress(request.socket.remoteAddress) &&
      isLoopbackHost(request.get('host')) &&
      (request.get('x-forwarded-for') ?? '127.0.0.1').split(',').every((hop) => isLoopbackAddress(hop.trim()));
    if (!local && !this.#allowAnonymous) {
      throw new KtpflowError('invalid_api_key', 'Without a key this server answers on its loopback address only.');
    }
    return {
      tenant: ANONYMOUS,
      actor: ANONYMOUS,
      scopes: new Set(local ? ['chat', 'extract', 'admin'] : ['chat', 'extract']),
    };
  }
}

/** Lets any known caller through. */
export function requireKey(authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    requestState(response).caller = await authenticator.authenticate(request);
    next();
  };
}

/** Lets callers with one of these scopes through; others get 403. */
export function requireScope(authenticator: Authenticator, ...scopes: readonly [Scope, ...Scope[]]): RequestHandler {
  return async (request, response, next) => {
    const caller = await authenticator.authenticate(request);
    if (!scopes.some((scope) => caller.scopes.has(scope))) {
      throw new KtpflowError('insufficient_scope', `The key lacks the scope "${scopes.join('" or "')}".`);
    }
    requestState(response).caller = caller;
    next();
  };
}
