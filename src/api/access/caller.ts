import type { Scope } from '../../config.ts';

/** Who asks. */
export interface Caller {
  /** Owner of what the caller creates; somebody else's is 404. */
  readonly tenant: string;
  /** Id of the key, for the access log. */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
}
