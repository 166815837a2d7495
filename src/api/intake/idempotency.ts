import type { Request } from 'express';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';

/** How a repeat of a request is known: both are HMACs, since the caller chose the key and the payload is personal. */
export interface Idempotency {
  readonly idempotencyHash: string;
  readonly requestHash: string;
}

const KEY = /^[\x20-\x7e]{1,255}$/;
const UNIQUE_VIOLATION = 'P2002';

/**
 * The Idempotency-Key of a request, bound to its tenant and route; undefined without one.
 * @throws KtpflowError invalid_value
 */
export function idempotencyHash(keyring: Keyring, request: Request, caller: Caller, route: string): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!KEY.test(key)) {
    throw new KtpflowError('invalid_value', 'Must be 1-255 printable ASCII characters.', { param: 'Idempotency-Key' });
  }
  return keyring.hmac('idempotency key', caller.tenant, route, key);
}

/** What was asked for, as repeats are compared by. */
export function requestHash(keyring: Keyring, caller: Caller, payload: unknown): string {
  return keyring.hmac('request', caller.tenant, JSON.stringify(payload));
}

/** How a repeat of a request is known, out of {@link idempotencyHash} and what was asked for; undefined: without a key. */
export function idempotencyOf(
  keyring: Keyring,
  caller: Caller,
  keyHash: string | undefined,
  payload: unknown,
): Idempotency | undefined {
  return keyHash === undefined
    ? undefined
    : { idempotencyHash: keyHash, requestHash: requestHash(keyring, caller, payload) };
}

/** @throws KtpflowError idempotency_mismatch when the key was used for something else */
export function checkSameRequest(stored: { readonly requestHash: string | null }, asked: Idempotency): void {
  if (stored.requestHash === asked.requestHash) return;
  throw new KtpflowError('idempotency_mismatch', 'The Idempotency-Key was used for another request.', {
    param: 'Idempotency-Key',
  });
}

export interface Keyed {
  /** Id of what was made under the key before; undefined: nothing was. */
  readonly find: () => Promise<string | undefined>;
  /** Makes it; removes what the request has stored when it fails. */
  readonly create: () => Promise<string>;
  /** Removes what the request has stored. */
  readonly discard: () => Promise<void>;
}

/** A repeat under the same Idempotency-Key is what is there already, also where the first is being made right now. */
export async function createOrRepeat({ create, discard, find }: Keyed): Promise<string> {
  const repeated = async (): Promise<string | undefined> => {
    try {
      return await find();
    } catch (error) {
      await discard();
      throw error;
    }
  };
  const first = await repeated();
  if (first !== undefined) {
    await discard();
    return first;
  }
  try {
    return await create();
  } catch (error) {
    const other = isRepeatedKey(error) ? await repeated() : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

/** Whether a row could not be written because another request with the same key was faster. */
function isRepeatedKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}
