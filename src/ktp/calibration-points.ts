/** Pairs of what is said and what it is worth, rising in both columns. */
export type Points = readonly (readonly [said: number, worth: number])[];

/** What `said` is worth: between two pairs the line is straight, beyond the last it is level. */
export function worthOf(points: Points, said: number): number {
  let [fromSaid, fromWorth] = [0, 0];
  for (const [toSaid, toWorth] of points) {
    if (said <= toSaid) {
      if (toSaid === fromSaid) return toWorth;
      return fromWorth + ((toWorth - fromWorth) * (said - fromSaid)) / (toSaid - fromSaid);
    }
    [fromSaid, fromWorth] = [toSaid, toWorth];
  }
  return fromWorth;
}

/** A share or probability as results tell it: 0-1, three decimals. */
export function roundShare(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
}
