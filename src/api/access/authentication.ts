import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config, Scope } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { requestState } from '../http/request-state.ts';
import { ANONYMOUS, type Caller } from './caller.ts';
import { HOME_KEY_ID, hashKey } from './key-secret.ts';
import { isLocalCaller } from './local-caller.ts';
import { RateLimit } from './rate-limit.ts';
import { SharedQuestion } from './shared-question.ts';

interface KnownKey {
  readonly hash: Buffer;
  readonly caller: Caller;
}

const SEND_A_KEY = 'Send a key as "Authorization: Bearer KEY".';

/** Knows the keys of API_KEYS and of the database. */
export class Authenticator {
  readonly #database: Database;
  readonly #environmentKeys: readonly KnownKey[];
  readonly #allowAnonymous: boolean;
  readonly #behindProxy: boolean;
  readonly #rateLimit: RateLimit;
  readonly #anyKey: SharedQuestion<boolean>;
  #keysEverMade = false;

  constructor(config: Config, database: Database) {
    this.#database = database;
    this.#anyKey = new SharedQuestion(async () => {
      const where = { id: { not: HOME_KEY_ID } };
      return (await database.apiKey.findFirst({ where, select: { id: true } })) !== null;
    });
    this.#allowAnonymous = config.ALLOW_ANONYMOUS;
    this.#behindProxy = config.TRUST_PROXY !== '';
    this.#rateLimit = new RateLimit(config.RATE_LIMIT_PER_MINUTE);
    this.#environmentKeys = config.API_KEYS.map(({ key, scopes, tenant }) => {
      const hash = hashKey(key);
      const actor = `env_${hash.toString('hex').slice(0, 16)}`;
      return { hash, caller: { tenant: tenant ?? actor, actor, scopes: new Set(scopes) } };
    });
  }

  /**
   * Whether a key stands in API_KEYS or was ever made: one that is revoked or has expired counts, so that its end opens
   * no door. The key of the home does not, since nobody has made it.
   */
  async keysExist(): Promise<boolean> {
    if (this.#environmentKeys.length > 0 || this.#keysEverMade) return true;
    if (await this.#anyKey.ask()) this.#keysEverMade = true;
    return this.#keysEverMade;
  }

  /** Whether this key has ended access without one. */
  async wasFirst({ createdAt, id }: { readonly createdAt: Date; readonly id: string }): Promise<boolean> {
    if (this.#environmentKeys.length > 0) return false;
    const others = { id: { notIn: [HOME_KEY_ID, id] }, createdAt: { lte: createdAt } };
    return (await this.#database.apiKey.count({ where: others })) === 0;
  }

  /** Who asks, after the request was counted. @throws KtpflowError invalid_api_key, rate_limited */
  async authenticate(request: Request): Promise<Caller> {
    const caller = await this.#identify(request);
    await this.#rateLimit.take(caller);
    return caller;
  }

  async #identify(request: Request): Promise<Caller> {
    const key = /^Bearer +(\S{1,512}) *$/i.exec(request.get('authorization') ?? '')?.[1];
    const caller = key === undefined ? undefined : await this.#callerOf(hashKey(key));
    if (caller) return caller;
    if (await this.keysExist()) {
      throw unauthorized(key === undefined ? SEND_A_KEY : 'The key is unknown, expired or revoked.');
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

  /** As long as no key was ever made, programs on this machine need none; never for `admin`. */
  #anonymous(request: Request): Caller {
    if (!this.#allowAnonymous && (this.#behindProxy || !isLocalCaller(request))) {
      throw unauthorized(
        `${SEND_A_KEY} Without one, this server answers only programs on its own machine that ask it directly.`,
      );
    }
    return { tenant: ANONYMOUS, actor: ANONYMOUS, scopes: new Set(['chat', 'extract', 'review']) };
  }
}

function unauthorized(message: string): KtpflowError {
  return new KtpflowError('invalid_api_key', message);
}

/** Lets any known caller through. */
export function requireKey(authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    requestState(response).caller = await authenticator.authenticate(request);
    next();
  };
}

/** Lets callers with one of these scopes through; others get 403, and 401 where they have shown no key. */
export function requireScope(authenticator: Authenticator, ...scopes: readonly [Scope, ...Scope[]]): RequestHandler {
  return async (request, response, next) => {
    const caller = await authenticator.authenticate(request);
    if (!scopes.some((scope) => caller.scopes.has(scope))) {
      const named = `"${scopes.join('" or "')}"`;
      if (caller.actor === ANONYMOUS) throw unauthorized(`${SEND_A_KEY} It needs the scope ${named}.`);
      throw new KtpflowError('insufficient_scope', `The key lacks the scope ${named}.`);
    }
    requestState(response).caller = caller;
    next();
  };
}
