import { createHash, randomBytes } from 'node:crypto';
import type { Keyring } from '../../encryption/keyring.ts';

const PREFIX_LENGTH = 9;

/**
 * Row of the key that lies in the home of the embedded shape. It is made at the first start and not by a person, so
 * that it does not end access without a key.
 */
export const HOME_KEY_ID = 'key_home';

/** SHA-256: keys are long and random, so that a slow hash would add nothing but a way to exhaust the server. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** A new key of 256 random bits. */
export function createKey(): string {
  return `ktpf_${randomBytes(32).toString('base64url')}`;
}

/** A key that the same request can be shown again: as long, made from what only this server and the caller know. */
export function repeatableKey(keyring: Keyring, idempotencyHash: string, id: string): string {
  return `ktpf_${Buffer.from(keyring.hmac('api key', idempotencyHash, id), 'hex').toString('base64url')}`;
}

/** What a row keeps of a key. */
export function keyColumns(key: string): { hash: Uint8Array<ArrayBuffer>; prefix: string } {
  return { hash: new Uint8Array(hashKey(key)), prefix: key.slice(0, PREFIX_LENGTH) };
}
