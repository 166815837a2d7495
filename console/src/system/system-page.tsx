import type { ReactNode } from 'react';
import { HealthView } from './health.tsx';
import { Keys } from './keys.tsx';
import './system.css';

export interface SystemPageProps {
  /** What stands instead of the keys where the caller may not see them; null: they are shown. */
  readonly insteadOfKeys: ReactNode | null;
}

/** How the server is, for everybody, and its keys, for administrators. */
export function SystemPage({ insteadOfKeys }: SystemPageProps) {
  return (
    <div className="system">
      <HealthView />
      {insteadOfKeys ?? <Keys />}
    </div>
  );
}
