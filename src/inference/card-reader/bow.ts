import { type Homography, invertHomography } from '../../text-lines/homography.ts';
import { median } from '../../text-lines/median.ts';
import type { PageSize, Point, Quad, TextLine } from '../../text-lines/text-line.ts';
import { longAxis } from './text-direction.ts';

/**
 * The rows of a bent card run in bows. A row's slope at a place is tilt + turn * x + twist * x * y, with x and y from the
 * page's middle in shares of its sides: the card is bent along its length, and not everywhere as much.
 */
export interface Bow {
  readonly page: PageSize;
  readonly tilt: number;
  readonly turn: number;
  readonly twist: number;
}

/** Lines at least this many times as long as high have a slope worth comparing. */
const LONG = 3;
const FEWEST_LINES = 8;
/** Slopes at the page's sides that differ by less than this leave the rows apart; more is no card in one piece. */
const LEAST_TURN = 0.06;
const MOST_TURN = 0.6;
/** A bow must leave this little of what the slopes differ by without one. */
const MOST_REST = 0.65;
const FARTHEST = 0.12;
/** Rounds of the fit, and the difference of slopes below which a line counts in full. */
const ROUNDS = 8;
const CLOSE = 0.01;
/** Rounds in which a straightened place is put back. */
const STEPS_BACK = 8;

interface Sample {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
}

/**
 * The bow in which the rows of a page run, by the slopes of its lines: where labels rise, values run level or fall. Null
 * where the rows are straight. Least absolute differences, so that a slanted stamp does not matter.
 */
export function findBow(lines: readonly TextLine[], page: PageSize): Bow | null {
  const samples = lines.flatMap(({ quad }): Sample[] => {
    const { length, height } = longAxis(quad);
    const [left, right] = endsOf(quad);
    const across = right.x - left.x;
    if (length < LONG * height || across <= 0) return [];
    const x = (left.x + right.x) / 2 / page.width - 0.5;
    return [{ x, y: (left.y + right.y) / 2 / page.height - 0.5, slope: (right.y - left.y) / across }];
  });
  if (samples.length < FEWEST_LINES) return null;
  const bow = fitBow(samples, page);
  if (!bow || Math.abs(bow.turn) < LEAST_TURN || Math.abs(bow.turn) > MOST_TURN) return null;
  const straight = median(samples.map(({ slope }) => slope));
  const rest = samples.reduce((sum, sample) => sum + difference(sample.slope, slopeAt(bow, sample)), 0);
  const spread = samples.reduce((sum, { slope }) => sum + difference(slope, straight), 0);
  return rest <= MOST_REST * spread ? bow : null;
}

/** How far two slopes differ; text of another direction counts no more than a row of the card at its side. */
function difference(first: number, second: number): number {
  return Math.min(FARTHEST, Math.abs(first - second));
}

function slopeAt({ tilt, turn, twist }: Pick<Bow, 'tilt' | 'turn' | 'twist'>, { x, y }: Sample): number {
  return tilt + turn * x + twist * x * y;
}

/** Least squares, each line by how little it differed the round before; null where the lines all stand in one column. */
function fitBow(samples: readonly Sample[], page: PageSize): Bow | null {
  let bow: Bow | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const normal: [number, number, number, number, number, number, number, number, number] = [
      0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const right: [number, number, number] = [0, 0, 0];
    for (const sample of samples) {
      const weight = bow ? 1 / Math.max(CLOSE, Math.abs(sample.slope - slopeAt(bow, sample))) : 1;
      const terms = [1, sample.x, sample.x * sample.y] as const;
      for (const [row, term] of terms.entries()) {
        right[row as 0] += weight * term * sample.slope;
        for (const [column, other] of terms.entries()) normal[(3 * row + column) as 0] += weight * term * other;
      }
    }
    if (Math.abs(determinant(normal)) < 1e-12) return null;
    const [a, b, c, d, e, f, g, h, i] = invertHomography(normal);
    const [p, q, r] = right;
    bow = { page, tilt: a * p + b * q + c * r, turn: d * p + e * q + f * r, twist: g * p + h * q + i * r };
  }
  return bow;
}

function determinant([a, b, c, d, e, f, g, h, i]: Homography): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** How far a row that is at `place` lies below its own height, pixels. */
export function bowAt({ page, tilt, turn, twist }: Bow, place: Point): number {
  const x = place.x / page.width - 0.5;
  const y = place.y / page.height - 0.5;
  return page.width * (tilt * x + ((turn + twist * y) * x * x) / 2);
}

/** A quad of the page where it would lie on a flat card. */
export function flatten(bow: Bow, quad: Quad): Quad {
  const move = ({ x, y }: Point): Point => ({ x, y: y - bowAt(bow, { x, y }) });
  return [move(quad[0]), move(quad[1]), move(quad[2]), move(quad[3])];
}

/** How far below its flat place the page shows what lies there on a flat card, pixels. */
export function bowBelow(bow: Bow, flat: Point): number {
  let down = 0;
  for (let step = 0; step < STEPS_BACK; step++) down = bowAt(bow, { x: flat.x, y: flat.y + down });
  return down;
}

/** The other way: a quad on a flat card where it lies on the page. */
export function bend(bow: Bow, quad: Quad): Quad {
  const move = ({ x, y }: Point): Point => ({ x, y: y + bowBelow(bow, { x, y }) });
  return [move(quad[0]), move(quad[1]), move(quad[2]), move(quad[3])];
}

function endsOf([topLeft, topRight, bottomRight, bottomLeft]: Quad): readonly [Point, Point] {
  const between = (p: Point, q: Point): Point => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
  return [between(topLeft, bottomLeft), between(topRight, bottomRight)];
}
