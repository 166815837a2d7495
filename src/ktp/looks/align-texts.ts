/** A place of two aligned texts: an index of each, null where one has nothing. */
export interface AlignedPlace {
  readonly first: number | null;
  readonly second: number | null;
}

/** What another character costs, where a missing or an added one costs 1; blanks stand against blanks. */
const OTHER = 1.2;
const OTHER_THAN_BLANK = 1.9;

/** Two texts character by character, with the fewest changes (Wagner and Fischer 1974), in their order. */
export function alignTexts(first: string, second: string): AlignedPlace[] {
  const costs = costsOf(first, second);
  const places: AlignedPlace[] = [];
  let [row, column] = [first.length, second.length];
  const cost = (down: number, right: number): number => costs[row - down]?.[column - right] ?? Number.POSITIVE_INFINITY;
  while (row > 0 || column > 0) {
    const swapped = row > 0 && column > 0 ? cost(1, 1) + swapCost(first[row - 1], second[column - 1]) : Infinity;
    const dropped = row > 0 ? cost(1, 0) + 1 : Infinity;
    const added = column > 0 ? cost(0, 1) + 1 : Infinity;
    const isSwap = swapped <= Math.min(dropped, added);
    const isDrop = !isSwap && dropped <= added;
    if (isSwap || isDrop) row--;
    if (!isDrop) column--;
    places.push({ first: isSwap || isDrop ? row : null, second: isDrop ? null : column });
  }
  return places.reverse();
}

/** The fewest changes between each beginning of one text and each of the other. */
function costsOf(first: string, second: string): Float64Array[] {
  const costs = Array.from({ length: first.length + 1 }, () => new Float64Array(second.length + 1));
  for (const [row, line] of costs.entries()) {
    const above = costs[row - 1];
    for (let column = 0; column < line.length; column++) {
      const added = column > 0 ? (line[column - 1] as number) + 1 : Infinity;
      const dropped = above ? (above[column] as number) + 1 : Infinity;
      const swapped =
        above && column > 0 ? (above[column - 1] as number) + swapCost(first[row - 1], second[column - 1]) : Infinity;
      line[column] = row === 0 && column === 0 ? 0 : Math.min(added, dropped, swapped);
    }
  }
  return costs;
}

function swapCost(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  return one === ' ' || other === ' ' ? OTHER_THAN_BLANK : OTHER;
}
