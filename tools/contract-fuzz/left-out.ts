/** What is not asked of the server, and why. */
export const LEFT_OUT: {
  readonly operations: readonly { readonly path: string; readonly because: string }[];
  readonly checks: readonly { readonly check: string; readonly because: string }[];
} = {
  operations: [
    { path: '/mcp', because: 'JSON-RPC: its errors are answers of status 200, which a document cannot say' },
  ],
  checks: [
    {
      check: 'positive_data_acceptance',
      because: 'a document cannot say that a drawn body holds no picture, or that an id is of something that exists',
    },
  ],
};

/** Statuses by which what is wrong is refused; 413: a list too long for its schema is too long for a body, too. */
export const REFUSALS = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 428, 429] as const;
