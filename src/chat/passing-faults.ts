import type { ErrorCode } from '../errors.ts';

/** Faults of an engine, a store or a process that may be over soon: the same request may do better a little later. */
export const PASSING_FAULTS: ReadonlySet<ErrorCode> = new Set([
  'upstream_failed',
  'model_not_ready',
  'deadline_exceeded',
  'storage_unavailable',
  'internal',
]);
