import { median } from '../../text-lines/median.ts';
import type { PageSize, Point, TextLine } from '../../text-lines/text-line.ts';
import type { Character } from '../schema.ts';
import { type Frame, lineHeight, midline } from './frame.ts';
import { type RestoredCharacter, restoredCharacters } from './restored-characters.ts';

/** One character of a line, placed in the card's frame. */
export interface Glyph {
  /** Folded to what a KTP can print: full-width forms made narrow, dashes and quotes unified. One character or ' '. */
  readonly text: string;
  readonly confidence: number;
  /** Centre in the card's frame, pixels. */
  readonly u: number;
  readonly v: number;
  /** Centre along its line, 0-1. */
  readonly position: number;
  /** A blank or full stop that the recogniser dropped, put back because it gave it a share of its probability. */
  readonly restored?: true;
}

/** A run of characters of one line: what rows are put together from. Never empty, never begins or ends with a blank. */
export interface Span {
  readonly line: TextLine;
  readonly glyphs: readonly Glyph[];
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly v: number;
  readonly height: number;
}

/** Left, top, right, bottom in 0-1 of the upright image. */
export type Box = readonly [number, number, number, number];

/** Two characters farther apart than this many pitches, and than the line's height, stand in different columns. */
const COLUMN_GAP_PITCHES = 3.4;
const COLUMN_GAP_HEIGHTS = 1.1;

const FOLDED: Readonly<Record<string, string>> = {
  '。': '.',
  '、': ',',
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '−': '-',
  一: '-',
  ー: '-',
  '‘': "'",
  '’': "'",
  '`': "'",
  '´': "'",
  '“': '"',
  '”': '"',
  '⁄': '/',
  '∕': '/',
  '∶': ':',
  '·': '.',
  '•': '.',
  '～': '-',
};

/** Folds one recognised character to the forms that the parser knows. */
export function foldCharacter(text: string): string {
  const narrow = text.normalize('NFKC');
  if (/^\s*$/.test(narrow)) return ' ';
  const first = [...narrow.trim()][0] ?? ' ';
  return FOLDED[first] ?? first;
}

/** Cuts a line into spans at gaps that are too wide for a blank. */
export function spansOfLine(line: TextLine, frame: Frame): Span[] {
  const glyphs = glyphsOfLine(line, frame);
  const solid = glyphs.filter((glyph) => glyph.text !== ' ');
  if (solid.length === 0) return [];
  const pitch = pitchOf(glyphs, line);
  const widest = Math.max(COLUMN_GAP_PITCHES * pitch, COLUMN_GAP_HEIGHTS * lineHeight(line));
  const spans: Span[] = [];
  let start = 0;
  let last: Glyph | undefined;
  for (const [index, glyph] of glyphs.entries()) {
    if (glyph.text === ' ') continue;
    if (last && glyph.u - last.u > widest) {
      pushSpan(spans, line, glyphs.slice(start, index));
      start = index;
    }
    last = glyph;
  }
  pushSpan(spans, line, glyphs.slice(start));
  return spans;
}

/** A part of a span, or undefined where it would hold no character. */
export function sliceSpan(span: Span, start: number, end = span.glyphs.length): Span | undefined {
  return makeSpan(span.line, span.glyphs.slice(start, end));
}

/** Typical distance in pixels between neighbouring characters of a span, 0 for a single one. */
export function pitchOf(glyphs: readonly Glyph[], line: TextLine): number {
  const distances: number[] = [];
  for (let index = 1; index < glyphs.length; index += 1) {
    const before = glyphs[index - 1];
    const here = glyphs[index];
    if (before && here && before.text !== ' ' && here.text !== ' ') distances.push(here.u - before.u);
  }
  if (distances.length === 0) return lineHeight(line) * 0.5;
  return median(distances);
}

/** Groups spans into rows from top to bottom, each from left to right. `pitch` is the distance of rows in pixels. */
export function rowsOf(spans: readonly Span[], pitch: number): Span[][] {
  const rows: Span[][] = [];
  for (const span of [...spans].sort((first, second) => first.v - second.v)) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row && first && span.v - first.v < 0.45 * pitch && !row.some((other) => overlap(other, span) > 0.3)) {
      row.push(span);
    } else {
      rows.push([span]);
    }
  }
  for (const row of rows) row.sort((first, second) => first.left - second.left);
  return rows;
}

/** Share of the narrower of two spans that lies beside the other; negative for a gap. */
export function overlap(first: Span, second: Span): number {
  const shared = Math.min(first.right, second.right) - Math.max(first.left, second.left);
  return shared / Math.max(1, Math.min(first.right - first.left, second.right - second.left));
}

/** The smallest upright box around spans, in 0-1 of the page; null without any. */
export function boxOf(spans: readonly Span[], page: PageSize): Box | null {
  if (spans.length === 0 || page.width <= 0 || page.height <= 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const span of spans) {
    const first = span.glyphs[0];
    const last = span.glyphs.at(-1);
    if (!first || !last) continue;
    const [topLeft, topRight, bottomRight, bottomLeft] = span.line.quad;
    const halfGlyph = (span.right - span.left) / Math.max(1, span.glyphs.length) / 2;
    const lineWidth = Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y) || 1;
    const from = Math.max(0, first.position - halfGlyph / lineWidth);
    const to = Math.min(1, last.position + halfGlyph / lineWidth);
    for (const position of [from, to]) {
      for (const [start, end] of [
        [topLeft, topRight],
        [bottomLeft, bottomRight],
      ] as const) {
        const x = start.x + (end.x - start.x) * position;
        const y = start.y + (end.y - start.y) * position;
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
    }
  }
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  return [clamp(left / page.width), clamp(top / page.height), clamp(right / page.width), clamp(bottom / page.height)];
}

/** The characters of spans, blanks left out, each with its box in 0-1 of the page. */
export function characterBoxes(spans: readonly Span[], page: PageSize): Character[] {
  return spans.flatMap(({ glyphs, line }) => {
    const reach = (glyphs.at(-1)?.position ?? 0) - (glyphs[0]?.position ?? 0);
    const half = reach > 0 ? reach / (glyphs.length - 1) / 2 : 0.5;
    return glyphs
      .filter(({ text }) => text !== ' ')
      .map(({ text, confidence, position }) => {
        const corners = [position - half, position + half].flatMap((share) => sidesAt(line, share));
        const share = (value: number, side: number): number => Math.min(1, Math.max(0, value / side));
        const xs = corners.map(({ x }) => share(x, page.width));
        const ys = corners.map(({ y }) => share(y, page.height));
        return { text, confidence, box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] };
      });
  });
}

/** The points of a line's upper and lower side at a share of its length, inside of it. */
function sidesAt({ quad }: TextLine, share: number): Point[] {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  const along = Math.min(1, Math.max(0, share));
  return [[topLeft, topRight] as const, [bottomLeft, bottomRight] as const].map(([start, end]) => ({
    x: start.x + (end.x - start.x) * along,
    y: start.y + (end.y - start.y) * along,
  }));
}

function glyphsOfLine(line: TextLine, frame: Frame): Glyph[] {
  const [left, right] = midline(line);
  const recognised: readonly RestoredCharacter[] =
    line.characters.length > 0
      ? restoredCharacters(line)
      : [...line.text].map((text, index, all) => ({
          text,
          confidence: line.confidence,
          position: (index + 0.5) / all.length,
        }));
  return recognised.map(({ text, confidence, position, restored }) => {
    const point = { x: left.x + (right.x - left.x) * position, y: left.y + (right.y - left.y) * position };
    const { u, v } = frame.toFrame(point);
    return { text: foldCharacter(text), confidence, u, v, position, ...(restored ? { restored } : {}) };
  });
}

function pushSpan(spans: Span[], line: TextLine, glyphs: readonly Glyph[]): void {
  const span = makeSpan(line, glyphs);
  if (span) spans.push(span);
}

function makeSpan(line: TextLine, glyphs: readonly Glyph[]): Span | undefined {
  const start = glyphs.findIndex((glyph) => glyph.text !== ' ');
  if (start < 0) return undefined;
  const end = glyphs.findLastIndex((glyph) => glyph.text !== ' ') + 1;
  const kept = glyphs.slice(start, end);
  const half = pitchOf(kept, line) / 2;
  const first = kept[0];
  const last = kept.at(-1);
  if (!first || !last) return undefined;
  return {
    line,
    glyphs: kept,
    text: kept.map((glyph) => glyph.text).join(''),
    left: first.u - half,
    right: last.u + half,
    v: kept.reduce((sum, glyph) => sum + glyph.v, 0) / kept.length,
    height: lineHeight(line),
  };
}
