/** A call of the HTTP API under the caller's own key: tools can do what the key can do, and no more. */
export type ApiCall = (method: 'GET' | 'POST', path: string, json?: object) => Promise<ApiAnswer>;

export interface ApiAnswer {
  readonly ok: boolean;
  readonly status: number;
  /** Parsed JSON; undefined where the answer was something else. */
  readonly body: unknown;
}
