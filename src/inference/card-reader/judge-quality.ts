import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import type { Field, KtpResult, Quality } from '../../ktp/schema.ts';
import { measureExposure } from '../../media/quality/exposure.ts';
import { findGlare } from '../../media/quality/glare.ts';
import { ramp } from '../../media/quality/luma.ts';
import { moirePeak } from '../../media/quality/moire.ts';
import { edgeWidth } from '../../media/quality/sharpness.ts';
import { evennessOfLight } from '../../media/quality/uneven-light.ts';
import type { RasterPyramid } from '../../media/raster.ts';
import { sampleRaster } from '../../media/sample.ts';
import { applyHomography, mapQuad, rectangleToQuad } from '../../text-lines/homography.ts';
import { median } from '../../text-lines/median.ts';
import { pointBetween } from '../../text-lines/point-between.ts';
import type { PageSize, Point, TextLine } from '../../text-lines/text-line.ts';
import type { Rectangle } from './card-frame.ts';
import { inset, overviewOf, tilesOf } from './card-samples.ts';
import { fieldsUnderInk } from './fields-under-ink.ts';
import type { CardLines } from './read-lines.ts';

type Flag = Quality['flags'][number];

/** Scores from which a flag is raised; calibrated on the card generator's ladder. */
const THRESHOLDS: Readonly<Record<Flag, number>> = {
  blurred: 0.5,
  dark: 0.3,
  bright: 0.6,
  glare: 0.25,
  grayscale: 0.75,
  cropped: 0.5,
  rotated: 0.12,
  screen: 0.5,
  too_small: 0.6,
  multiple_cards: 0.5,
  damaged: 0.5,
  overlay: 0.5,
};

/** Flags that make the gate refuse a picture: what they hide cannot be read, only guessed. */
const REFUSED: ReadonlySet<Flag> = new Set(['blurred', 'dark', 'bright', 'glare', 'cropped', 'too_small', 'damaged']);

/** So many fields that cannot be read for what lies over them tell of words across the card that nobody can read either. */
const MANY_UNCOVERED = 3;
/** Light is so uneven where a shadow's edge crosses the card: fields in the dark that only black print tells are under it. */
const SHADOWED = 0.6;
/** A line is over the card if so much of it is: words on a paper beside it are not. */
const MOSTLY = 0.5;
/** A field is affected where a burnt-out spot covers this share of its box. */
const COVERED = 0.15;
/** A spot that begins this near behind a value, in heights of its line, may have taken its last letters. */
const BEYOND_END = 1.5;
/** Lines whose sharpness is measured. */
const SHARPNESS_LINES = 10;
/** Edges no wider than this, in pixels of a line 48 high, are sharp. */
const SHARP = 3.6;
/** Peaks of spectra: other pictures stay below the first, screens begin at the second. */
const NO_SCREEN = 400;
const SCREEN = 3000;

/** What the reader knows of a card when its quality is judged. */
export interface JudgedCard {
  readonly picture: RasterPyramid;
  /** Pixels of the original per pixel of the picture. */
  readonly reduction: number;
  /** Whether a part of the file could not be decoded. */
  readonly damaged: boolean;
  /** Lines on the card's page that are not the card's. */
  readonly overlay: readonly TextLine[];
  /** Fields that only the black print alone told. */
  readonly uncovered: readonly FieldName[];
  readonly card: CardLines;
  /** Fields with their boxes in 0-1 of the card's page. */
  readonly fields: KtpResult['fields'];
}

/** Measures how good the picture of a card is. */
export function judgeQuality({ picture, reduction, damaged, overlay, uncovered, card, fields }: JudgedCard): Quality {
  const { page } = card;
  const frame = frameOf(card);
  const overview = overviewOf(picture, page, inset(frame));
  const exposure = measureExposure(overview);
  const copied = exposure.grayscale >= THRESHOLDS.grayscale;
  const glare = findGlare(overview);
  const screen = measureScreen(picture, card);
  const covered =
    uncovered.length >= MANY_UNCOVERED && screen < THRESHOLDS.screen && evennessOfLight(overview) >= SHADOWED;
  const onCard = overlay.filter((line) => isMostlyIn(line, inset(frame)));
  const inked = screen < THRESHOLDS.screen ? fieldsUnderInk(picture, card, fields) : [];
  const scores: Record<Flag, number> = {
    ...exposure,
    // A copy's white is the paper's.
    bright: copied ? 0 : exposure.bright,
    glare: glare.score,
    blurred: measureBlur(picture, card),
    screen,
    cropped: card.frame ? ramp(shareOutside(picture, card, frame), 0.02, 0.1) : 0,
    rotated: Math.min(1, Math.abs(card.angle) / (Math.PI / 2)),
    too_small: ramp((frame.right - frame.left) * reduction, 700, 300),
    multiple_cards: card.otherCards > 0 ? 1 : 0,
    damaged: damaged ? 1 : 0,
    overlay: onCard.length > 0 || covered || inked.length > 0 ? 1 : 0,
  };
  const flags = (Object.keys(THRESHOLDS) as Flag[]).filter((flag) => scores[flag] >= THRESHOLDS[flag]);
  const rounded = Object.entries(scores).map(([name, score]) => [name, Math.round(score * 1000) / 1000]);
  return {
    flags,
    scores: Object.fromEntries(rounded),
    affected_fields: FIELD_NAMES.filter(
      (name) =>
        (flags.includes('glare') && isUnderSpot(fields[name], glare.spots, inset(frame), card)) ||
        (covered && uncovered.includes(name)) ||
        inked.includes(name) ||
        onCard.some((line) => isUnderLine(fields[name], line, page)),
    ),
  };
}

/** Whether a card's picture has no colours, as copies have none. */
export function isGrey(card: CardLines, picture: RasterPyramid): boolean {
  return measureExposure(overviewOf(picture, card.page, inset(frameOf(card)))).grayscale >= THRESHOLDS.grayscale;
}

/** Where a card lies on its page: all over it, where its labels do not tell. */
function frameOf({ frame, page }: CardLines): Rectangle {
  return frame ?? { left: 0, top: 0, right: page.width, bottom: page.height };
}

/** Whether the gate should refuse a picture of that quality. */
export function isRefused({ flags }: Quality): boolean {
  return flags.some((flag) => REFUSED.has(flag));
}

/**
 * How blurred the print is: edges must be wide against the letters, which then cannot be read, and wide in the picture's
 * own pixels too: small print has wide edges for want of pixels, which is another fault (`too_small`).
 */
export function measureBlur(picture: RasterPyramid, { lines, page }: Pick<CardLines, 'lines' | 'page'>): number {
  const step = Math.max(1, lines.length / SHARPNESS_LINES);
  /** So many sharp lines are more than half of those that are looked at: the rest changes nothing. */
  const enough = Math.floor(Math.min(lines.length, SHARPNESS_LINES + 1) / 2) + 1;
  let sharp = 0;
  const widths: number[] = [];
  const pixels: number[] = [];
  for (let index = 0; index < lines.length; index += step) {
    const line = lines[Math.floor(index)];
    if (!line) continue;
    const quad = mapQuad(page.toSource, line.quad);
    const [topLeft, topRight, , bottomLeft] = quad;
    const length = Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y);
    const height = Math.max(1, Math.hypot(bottomLeft.x - topLeft.x, bottomLeft.y - topLeft.y));
    const width = Math.max(16, Math.round((48 * length) / height));
    const crop = sampleRaster(picture, rectangleToQuad(width, 48, quad), Math.min(width, 320), 48);
    const edges = edgeWidth(crop);
    if (edges === null) continue;
    widths.push(edges);
    pixels.push((edges * height) / 48);
    if (edges <= SHARP && ++sharp === enough) return 0;
  }
  return Math.min(ramp(median(widths), SHARP, 6), ramp(median(pixels), 1.9, 3.1));
}

/** How much a card looks like one shown by a screen: single frequencies of colour stand out. */
export function measureScreen(
  picture: RasterPyramid,
  { page, frame: known }: Pick<CardLines, 'page' | 'frame'>,
): number {
  const frame = known ?? { left: 0, top: 0, right: page.width, bottom: page.height };
  const tiles = tilesOf(picture, page, frame);
  const peaks: number[] = [];
  for (const tile of tiles) {
    peaks.push(moirePeak(tile()));
    // Where more than half show none, the rest changes nothing.
    if (peaks.filter((peak) => peak <= NO_SCREEN).length > tiles.length / 2) return 0;
  }
  return ramp(Math.log10(Math.max(1, median(peaks))), Math.log10(NO_SCREEN), Math.log10(SCREEN));
}

/** How far the card reaches out of the picture, as a share of its height. */
function shareOutside(picture: RasterPyramid, { page }: CardLines, { left, top, right, bottom }: Rectangle): number {
  const { width, height } = picture.base;
  const corners = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ].map((corner) => applyHomography(page.toSource, corner));
  const outside = corners.map(({ x, y }) => Math.max(-x, -y, x - width, y - height, 0));
  return Math.max(...outside) / (bottom - top);
}

/** Whether burnt-out spots cover a part of a field's box. */
function isUnderSpot(
  { box }: Field,
  spots: readonly (readonly [number, number, number, number])[],
  card: Rectangle,
  { page }: CardLines,
): boolean {
  if (!box) return false;
  const width = card.right - card.left;
  const height = card.bottom - card.top;
  const [left, top, right, bottom] = box;
  const x0 = (left * page.width - card.left) / width;
  const y0 = (top * page.height - card.top) / height;
  const y1 = (bottom * page.height - card.top) / height;
  // What is left of a value ends where the spot begins: look some letters farther.
  const reach = (BEYOND_END * (bottom - top) * page.height) / width;
  const x1 = (right * page.width - card.left) / width;
  return spots.some((spot) => {
    const across = Math.min(x1 + reach, spot[2]) - Math.max(x0, spot[0]);
    const down = Math.min(y1, spot[3]) - Math.max(y0, spot[1]);
    if (across <= 0 || down <= 0) return false;
    const atEnd = spot[0] > (x0 + x1) / 2 && spot[0] < x1 + reach && down > COVERED * (y1 - y0);
    return atEnd || across * down > COVERED * (x1 - x0) * (y1 - y0);
  });
}

/** Whether a line that is not the card's runs through a field's box. */
function isUnderLine({ box }: Field, line: TextLine, page: PageSize): boolean {
  if (!box) return false;
  const [left, top, right, bottom] = box;
  const place = {
    left: left * page.width,
    top: top * page.height,
    right: right * page.width,
    bottom: bottom * page.height,
  };
  return pointsOf(line).some((point) => isIn(point, place));
}

/** Whether most of a line lies within a rectangle of its page. */
function isMostlyIn(line: TextLine, place: Rectangle): boolean {
  const points = pointsOf(line);
  return points.filter((point) => isIn(point, place)).length >= MOSTLY * points.length;
}

function isIn({ x, y }: Point, { left, top, right, bottom }: Rectangle): boolean {
  return x > left && x < right && y > top && y < bottom;
}

/** Points all over a line. */
function pointsOf({ quad }: TextLine): Point[] {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  return STEPS.flatMap((along) => {
    const upper = pointBetween(topLeft, topRight, along);
    const lower = pointBetween(bottomLeft, bottomRight, along);
    return STEPS.map((down) => pointBetween(upper, lower, down));
  });
}

const STEPS = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95] as const;
