import { FRAMES_PER_PATCH } from './smart-resize.ts';

/** For each pair of frames the middle of their times, as the prompt writes it: `0.5`. */
export function timestampsOf(seconds: readonly number[]): string[] {
  const last = seconds.at(-1) ?? 0;
  const stamps: string[] = [];
  for (let at = 0; at < seconds.length; at += FRAMES_PER_PATCH) {
    stamps.push(oneDecimal(((seconds[at] ?? last) + (seconds[at + 1] ?? last)) / 2));
  }
  return stamps;
}

/** Python's `%.1f`: an exact half goes to the even neighbour, where toFixed goes up. */
function oneDecimal(value: number): string {
  // Only quarters are exact halves of a tenth in binary: 0.25, 0.75, 1.25, …
  const tenths = value * 10;
  if (Number.isInteger(value * 4) && tenths - Math.floor(tenths) === 0.5) {
    const floor = Math.floor(tenths);
    return ((floor + (floor % 2)) / 10).toFixed(1);
  }
  return value.toFixed(1);
}
