import type { ReactNode } from 'react';

/** What went wrong, told at once to whoever hears the page; nothing where nothing did. */
export function Problem({ children }: { readonly children: ReactNode }) {
  if (children === null || children === undefined) return null;
  return (
    <p className="notice bad" role="alert">
      {children}
    </p>
  );
}
