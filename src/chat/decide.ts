import type { Generation } from './generation.ts';

/** What the session's last answer is, at the moment a request comes. */
export type LastAnswer =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly generation: Generation }
  | {
      readonly state: 'ended';
      readonly generation: Generation;
      /** It can still be shown. */
      readonly kept: boolean;
      /** It failed before its first piece: there is nothing to show. */
      readonly failedEarly: boolean;
    };

export interface RequestIdentity {
  readonly bodyHash: string;
  readonly idempotencyHash: string | null;
  /** The SDK says that it repeats a request (`X-Stainless-Retry-Count`). */
  readonly repeated: boolean;
}

/** attach: show the last answer from its start; start: a new one; busy: 409; mismatch: 422. */
export type Decision = 'attach' | 'start' | 'busy' | 'mismatch';

/** What a request without Last-Event-ID means to a session that may have an answer already (docs/stream-protocol.md). */
export function decide(last: LastAnswer, request: RequestIdentity): Decision {
  if (last.state === 'none') return 'start';
  const { bodyHash, idempotencyHash } = last.generation;
  const sameBody = bodyHash === request.bodyHash;
  const sameKey = request.idempotencyHash !== null && idempotencyHash === request.idempotencyHash;
  if (last.state === 'running') {
    if (sameBody) return 'attach';
    return sameKey ? 'mismatch' : 'busy';
  }
  if (!last.kept) return 'start';
  if (sameKey && !sameBody) return 'mismatch';
  // What failed without a word is worth a new try, above all for an SDK that tries again by itself.
  if (!sameBody || last.failedEarly) return 'start';
  return sameKey || request.repeated ? 'attach' : 'start';
}
