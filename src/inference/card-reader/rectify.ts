import { composeHomographies, type Homography, invertHomography, mapQuad } from '../../text-lines/homography.ts';
import type { TextLine } from '../../text-lines/text-line.ts';
import { INDENTED } from './card-frame.ts';
import type { LabelHit } from './label-hits.ts';
import type { Page } from './page.ts';

/** Lines at least this many times as long as high have a slope worth fitting. */
const LONG = 3;
/** Rows that fan out, or a left edge that leans, by less than this change nothing that matters. */
const MIN_FAN = 0.03;
const MIN_LEAN = 0.015;
/** More than this is no card seen at a slant, but a wrong fit. */
const MAX_FAN = 0.6;
const MAX_LEAN = 0.5;

/**
 * Straightens a page of a card that was seen at a slant: its rows, which fan out from a vanishing point, become
 * parallel, and its left edge, along which the labels stand, upright. `lines` are on the page; the answer shows the
 * same part of the picture.
 */
export function rectifyPage(page: Page, lines: readonly TextLine[], hits: readonly LabelHit[]): Page {
  const centre = { x: page.width / 2, y: page.height / 2 };
  const slopes = lines.flatMap(({ quad }) => {
    const [topLeft, topRight, bottomRight, bottomLeft] = quad;
    const left = { x: (topLeft.x + bottomLeft.x) / 2, y: (topLeft.y + bottomLeft.y) / 2 };
    const right = { x: (topRight.x + bottomRight.x) / 2, y: (topRight.y + bottomRight.y) / 2 };
    const width = right.x - left.x;
    if (width < LONG * Math.abs(bottomLeft.y - topLeft.y)) return [];
    const slope = (right.y - left.y) / width;
    // Where the row passes below the page's centre.
    const at = left.y + slope * (centre.x - left.x) - centre.y;
    return [{ at, value: slope, weight: width }];
  });
  const rows = fitLine(slopes, 0.03);
  const fan = rows && Math.abs(rows.gradient) * page.width < MAX_FAN ? rows.gradient : 0;
  const tilt = rows?.offset ?? 0;
  const straight = Math.abs(fan) * page.width >= MIN_FAN;
  // A row y = y0 + (tilt + fan y0) x becomes y = y0: divide by 1 + fan x, after taking the tilt off.
  const flatten: Homography = straight ? [1, 0, 0, -tilt, 1, 0, fan, 0, 1] : [1, 0, 0, -tilt, 1, 0, 0, 0, 1];
  const lean = leanOf(hits, flatten, centre, page.height);
  const shear: Homography = [1, -lean, 0, 0, 1, 0, 0, 0, 1];
  const toCentre: Homography = [1, 0, -centre.x, 0, 1, -centre.y, 0, 0, 1];
  const map = composeHomographies(shear, composeHomographies(flatten, toCentre));
  return cover(page, map);
}

/** How far the labels' left edges lean, in pixels to the right for each pixel down. */
function leanOf(
  hits: readonly LabelHit[],
  flatten: Homography,
  centre: { x: number; y: number },
  height: number,
): number {
  const edges = hits.flatMap(({ label, line }) => {
    if (INDENTED.has(label)) return [];
    const quad = line.quad.map(({ x, y }) => ({ x: x - centre.x, y: y - centre.y }));
    const [topLeft, , , bottomLeft] = mapQuad(flatten, [quad[0], quad[1], quad[2], quad[3]] as typeof line.quad);
    return [{ at: (topLeft.y + bottomLeft.y) / 2, value: (topLeft.x + bottomLeft.x) / 2, weight: 1 }];
  });
  const fit = edges.length >= 4 ? fitLine(edges, 0.02 * height) : null;
  const lean = fit?.gradient ?? 0;
  return Math.abs(lean) >= MIN_LEAN && Math.abs(lean) < MAX_LEAN ? lean : 0;
}

interface Sample {
  readonly at: number;
  readonly value: number;
  readonly weight: number;
}

/** value = offset + gradient * at, by the pair of samples that most others agree with (within `tolerance`). */
function fitLine(samples: readonly Sample[], tolerance: number): { offset: number; gradient: number } | null {
  let best: { inliers: Sample[]; weight: number } | null = null;
  const reach = Math.max(...samples.map(({ at }) => at)) - Math.min(...samples.map(({ at }) => at));
  for (const [index, first] of samples.entries()) {
    for (const second of samples.slice(index + 1)) {
      if (Math.abs(second.at - first.at) < 0.3 * reach) continue;
      const gradient = (second.value - first.value) / (second.at - first.at);
      const inliers = samples.filter(
        ({ at, value }) => Math.abs(value - first.value - gradient * (at - first.at)) < tolerance,
      );
      const weight = inliers.reduce((sum, sample) => sum + sample.weight, 0);
      if (weight > (best?.weight ?? 0)) best = { inliers, weight };
    }
  }
  if (!best || best.inliers.length < 4) return null;
  const { inliers, weight } = best;
  const meanAt = inliers.reduce((sum, sample) => sum + sample.weight * sample.at, 0) / weight;
  const meanValue = inliers.reduce((sum, sample) => sum + sample.weight * sample.value, 0) / weight;
  let covariance = 0;
  let variance = 0;
  for (const sample of inliers) {
    covariance += sample.weight * (sample.at - meanAt) * (sample.value - meanValue);
    variance += sample.weight * (sample.at - meanAt) ** 2;
  }
  const gradient = variance > 0 ? covariance / variance : 0;
  return { offset: meanValue - gradient * meanAt, gradient };
}

/** The page that shows what `page` does, through `map` (from page pixels). */
function cover(page: Page, map: Homography): Page {
  const corners = mapQuad(map, [
    { x: 0, y: 0 },
    { x: page.width, y: 0 },
    { x: page.width, y: page.height },
    { x: 0, y: page.height },
  ]);
  const left = Math.min(...corners.map(({ x }) => x));
  const top = Math.min(...corners.map(({ y }) => y));
  const shift: Homography = [1, 0, left, 0, 1, top, 0, 0, 1];
  return {
    width: Math.max(...corners.map(({ x }) => x)) - left,
    height: Math.max(...corners.map(({ y }) => y)) - top,
    toSource: composeHomographies(page.toSource, composeHomographies(invertHomography(map), shift)),
  };
}
