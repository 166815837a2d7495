/**
 * How long a writer waits between two records. Few tokens: at once. A server that answers slowly: three times its
 * round trip, so that recording never takes more than a third of its time. A long answer: ever longer, since a
 * workflow run holds 10,000 signals and 51,200 events at most: 5,000 records last for three hours.
 */
const SHORTEST_GAP_MS = 15;
const ROUND_TRIPS = 3;
const UNHURRIED_RECORDS = 1500;
const GROWTH_FROM_MS = 20;
/** Records in which the gap grows by e. */
const GROWTH_RECORDS = 500;

/**
 * @param recorded records that the run holds already
 * @param roundTripMs smoothed time from sending a record to its acknowledgement
 */
export function flushGapMs(recorded: number, roundTripMs: number): number {
  const growth = recorded < UNHURRIED_RECORDS ? 0 : Math.exp((recorded - UNHURRIED_RECORDS) / GROWTH_RECORDS);
  return Math.max(SHORTEST_GAP_MS, ROUND_TRIPS * roundTripMs, GROWTH_FROM_MS * growth);
}
