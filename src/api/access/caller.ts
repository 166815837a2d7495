import type { Scope } from '../../config.ts';

/** Tenant and actor of callers without a key. A key may be made for the same tenant: it sees what they have made. */
export const ANONYMOUS = 'anonymous';

/** Who asks. */
export interface Caller {
  /** Owner of what the caller creates; somebody else's is 404. */
  readonly tenant: string;
  /** Id of the key, for the access log. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
}
