/** What a role process tells its supervisor over the IPC channel. */
export type RoleReport =
  | { readonly type: 'ready'; readonly address?: string }
  /** A start that no repeat can help: a bad value, a port that is taken. One line. */
  | { readonly type: 'hopeless'; readonly message: string };

/** What a supervisor tells a role process. */
export interface DrainRequest {
  readonly type: 'drain';
}

export function isRoleReport(message: unknown): message is RoleReport {
  const type = typeOf(message);
  return type === 'ready' || type === 'hopeless';
}

export function isDrainRequest(message: unknown): message is DrainRequest {
  return typeOf(message) === 'drain';
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
}
