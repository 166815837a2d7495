/** A row without a run is failed after this. */
const START_GRACE_MS = 60_000;
/** One that was not accepted may still be started, by a repeat; in the end it is removed (remove-unstarted.ts). */
const UNACCEPTED_GRACE_MS = 15 * 60_000;

/** Whether a row without a run may still get one. */
export function mayStillStart({ acceptedAt, createdAt }: { acceptedAt: Date | null; createdAt: Date }): boolean {
  return Date.now() - createdAt.getTime() < (acceptedAt === null ? UNACCEPTED_GRACE_MS : START_GRACE_MS);
}
