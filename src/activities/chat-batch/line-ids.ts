import type { Keyring } from '../../encryption/keyring.ts';

const TOKEN_DIGITS = 32;

/** What the ids of a line's answer are made of: a repeat finds what is there, and they say nothing to anybody else. */
export function lineToken(keyring: Keyring, batchId: string, line: number, attempt: number): string {
  return keyring.hmac('line of a batch', batchId, String(line), String(attempt)).slice(0, TOKEN_DIGITS);
}

/** Id of the answer's row. */
export function lineGenerationId(token: string): string {
  return `gen_${token}`;
}
