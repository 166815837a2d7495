import type { SKRSContext2D } from '@napi-rs/canvas';
import type { FieldName } from '../../src/ktp/field-names.ts';

/** A run of text that belongs to one field, or to none (separators, labels). */
export interface Run {
  readonly text: string;
  readonly field: FieldName | null;
}

/** Left, top, right, bottom in pixels of the card. */
export type Box = readonly [number, number, number, number];

export interface TypeStyle {
  readonly family: string;
  /** Pixels. */
  readonly size: number;
  /** Horizontal scale. */
  readonly width: number;
  readonly colour: string;
  /** Outline that thickens the letters, as a share of the size. */
  readonly stroke?: number;
}

export function measure(context: SKRSContext2D, text: string, style: TypeStyle): number {
  context.font = `${style.size}px ${style.family}`;
  return context.measureText(text).width * style.width;
}

/** Draws one line of text at a baseline and returns the box of each field in it. */
export function setLine(
  context: SKRSContext2D,
  runs: readonly Run[],
  x: number,
  baseline: number,
  style: TypeStyle,
): Array<{ field: FieldName; box: Box }> {
  context.save();
  context.font = `${style.size}px ${style.family}`;
  context.fillStyle = style.colour;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.translate(x, baseline);
  context.scale(style.width, 1);
  const text = runs.map((run) => run.text).join('');
  context.fillText(text, 0, 0);
  if (style.stroke !== undefined && style.stroke > 0) {
    context.strokeStyle = style.colour;
    context.lineWidth = style.stroke * style.size;
    context.strokeText(text, 0, 0);
  }
  context.restore();
  const boxes: Array<{ field: FieldName; box: Box }> = [];
  let before = '';
  for (const run of runs) {
    const left = x + measure(context, before, style);
    before += run.text;
    const right = x + measure(context, before, style);
    if (run.field === null || run.text.trim() === '') continue;
    boxes.push({ field: run.field, box: [left, baseline - style.size * 0.74, right, baseline + style.size * 0.1] });
  }
  return boxes;
}

/** Splits runs into words that keep their field, so that a wrapped line knows what it holds. */
function toWords(runs: readonly Run[]): Run[] {
  return runs.flatMap((run) =>
    run.text
      .split(/(?<= )/)
      .filter((text) => text !== '')
      .map((text) => ({ text, field: run.field })),
  );
}

/** Breaks runs at blanks into lines no wider than `limit` pixels; a single longer word stays whole. */
export function wrapRuns(context: SKRSContext2D, runs: readonly Run[], limit: number, style: TypeStyle): Run[][] {
  const lines: Run[][] = [];
  let line: Run[] = [];
  for (const word of toWords(runs)) {
    const text = [...line, word].map((run) => run.text).join('');
    if (line.length > 0 && measure(context, text.trimEnd(), style) > limit && line.at(-1)?.text.endsWith(' ')) {
      lines.push(line);
      line = [word];
    } else {
      line.push(word);
    }
  }
  if (line.length > 0) lines.push(line);
  return lines;
}
