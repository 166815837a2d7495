import type { Quad, TextLine } from '../../text-lines/text-line.ts';
import { lineHeight } from '../text/frame.ts';
import type { Label } from './labels.ts';
import type { CardLayout } from './layout.ts';

/** A place where a value should stand and the detector saw none. */
export interface UnseenPlace {
  readonly label: Label;
  /** The line that holds the label. */
  readonly line: TextLine;
  /** The line with the place behind it, page pixels. */
  readonly quad: Quad;
}

/** How far values reach beyond the value column's edge, as a share of the card's width; short ones need little. */
const REACH: Readonly<Partial<Record<Label, number>>> = { rt_rw: 0.12, agama: 0.16, kewarganegaraan: 0.1, nik: 0.5 };
const USUAL_REACH = 0.3;
/** The blood group stands at most this many line heights behind its label. */
const BLOOD_REACH_HEIGHTS = 5.5;
/** Where it ends behind the value column's edge, as a share of the card's width. */
const BLOOD_REACH = 0.43;

/** The places behind labels that were read without a value, and that of a blood group whose label was not seen either. */
export function unseenPlaces({ anchors, slots, spans, metrics }: CardLayout): UnseenPlace[] {
  if (!metrics) return [];
  const places: UnseenPlace[] = [];
  for (const anchor of anchors) {
    const slot = slots.get(anchor.label);
    if (slot && slot.rows.length > 0 && !slot.beginsBelow) continue;
    const line = anchor.spans.at(-1)?.line;
    if (!line || anchor.cut) continue;
    const end = metrics.valueLeft + (REACH[anchor.label] ?? USUAL_REACH) * metrics.width;
    const own = spans.filter((span) => span.line === line);
    const right = Math.max(...own.map((span) => span.right));
    if (end > right) places.push({ label: anchor.label, line, quad: extend(line, end - right) });
  }
  const blood = slots.get('gol_darah');
  if (blood && blood.rows.length === 0 && blood.line) {
    const { line } = blood;
    places.push({ label: 'gol_darah', line, quad: extend(line, BLOOD_REACH_HEIGHTS * lineHeight(line)) });
  }
  const sex = slots.get('jenis_kelamin')?.rows.at(-1)?.at(-1);
  const end = metrics.valueLeft + BLOOD_REACH * metrics.width;
  if (!blood && sex && end > sex.right) {
    places.push({ label: 'gol_darah', line: sex.line, quad: extend(sex.line, end - sex.right) });
  }
  return places;
}

/** A line's quad made longer to the right by so many pixels. */
function extend({ quad }: TextLine, pixels: number): Quad {
  const [topLeft, topRight, bottomRight, bottomLeft] = quad;
  const length = Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y) || 1;
  const share = pixels / length;
  return [
    topLeft,
    { x: topRight.x + share * (topRight.x - topLeft.x), y: topRight.y + share * (topRight.y - topLeft.y) },
    {
      x: bottomRight.x + share * (bottomRight.x - bottomLeft.x),
      y: bottomRight.y + share * (bottomRight.y - bottomLeft.y),
    },
    bottomLeft,
  ];
}
