/** What is asked of the thread that checks schemas: whether `schema` is one and, where there is one, what `value` lacks. */
export interface SchemaQuestion {
  /** As JSON. */
  readonly schema: string;
  readonly value?: unknown;
}

export type SchemaAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'bad-schema' }
  | { readonly kind: 'bad-value'; readonly problem: string }
  | { readonly kind: 'good' };
