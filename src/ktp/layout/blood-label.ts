import type { TextLine } from '../../text-lines/text-line.ts';
import { type Span, sliceSpan } from '../text/spans.ts';
import { findBloodLabel } from './anchors.ts';
import type { Label } from './labels.ts';
import type { Slot } from './slot.ts';

/** Takes the blood group out of the row of sex (or out of whatever row it was read on). */
export function splitBlood(slots: Map<Label, Slot>): Map<Label, Slot> {
  for (const label of ['jenis_kelamin', 'lahir', 'alamat'] as const) {
    const slot = slots.get(label);
    if (!slot) continue;
    for (const [rowIndex, row] of slot.rows.entries()) {
      const cut = cutBlood(row, label !== 'jenis_kelamin');
      if (!cut) continue;
      const rows = slot.rows
        .map((other, index) => (index === rowIndex ? cut.before : other))
        .filter((other) => other.length > 0);
      slots.set(label, { ...slot, rows });
      const { after, quality, colon, line } = cut;
      slots.set('gol_darah', {
        rows: after.length > 0 ? [after] : [],
        labelQuality: quality,
        colon,
        ...(line ? { line } : {}),
      });
      return slots;
    }
  }
  return splitLoneGroup(slots);
}

/** Behind a sex so far off, in line heights, stands what the label of the blood group stood before. */
const APART_HEIGHTS = 2;
/** A group, its O maybe read as a nought, behind nothing or what is left of its label (d AB); a stroke may be anything. */
const LONE_GROUP = /^(?:[A-Za-z.:;, ]*[a-z][.:;, ]*)?((?:AB|A|B|[O0])[+-]?)$/;

/** Takes a blood group whose label was not read, with what is left of that, out of the row of sex: it stands far behind it. */
function splitLoneGroup(slots: Map<Label, Slot>): Map<Label, Slot> {
  const sex = slots.get('jenis_kelamin');
  const row = sex?.rows.at(-1);
  const group = row?.at(-1);
  const sexEnd = row?.findIndex((span, index) => isApart(span, row[index - 1])) ?? -1;
  if (!sex || !row || !group || sexEnd < 1 || !isApart(group, row.at(-2))) return slots;
  const told = LONE_GROUP.exec(group.text)?.[1];
  const value = told === undefined ? undefined : sliceSpan(group, group.glyphs.length - told.length);
  if (!value) return slots;
  slots.set('jenis_kelamin', { ...sex, rows: [...sex.rows.slice(0, -1), row.slice(0, sexEnd)] });
  slots.set('gol_darah', { rows: [[value]], labelQuality: 0 });
  return slots;
}

function isApart(span: Span, before: Span | undefined): boolean {
  return before !== undefined && span.left - before.right >= APART_HEIGHTS * span.height;
}

interface BloodCut {
  readonly before: Span[];
  readonly after: Span[];
  readonly quality: number;
  readonly colon: boolean;
  /** The line that the label ends on. */
  readonly line: TextLine | undefined;
}

function cutBlood(row: readonly Span[], certain: boolean): BloodCut | undefined {
  const glyphs = row.flatMap((span) => span.glyphs);
  const found = findBloodLabel(glyphs, certain);
  if (!found) return undefined;
  const end = found.start + found.match.end;
  const before: Span[] = [];
  const after: Span[] = [];
  let line: TextLine | undefined;
  let offset = 0;
  for (const span of row) {
    const head = sliceSpan(span, 0, Math.max(0, found.start - offset));
    const tail = sliceSpan(span, Math.max(0, end - offset));
    if (head && offset < found.start) before.push(head);
    if (tail && offset + span.glyphs.length > end) after.push(tail);
    if (offset < end) line = span.line;
    offset += span.glyphs.length;
  }
  const colon = glyphs.slice(found.start, end).some(({ text }) => text === ':' || text === ';');
  return { before, after, quality: found.match.quality, colon, line };
}
