import type { Label } from '../../ktp/layout/labels.ts';
import type { Quad } from '../../text-lines/text-line.ts';
import type { LabelHit } from './label-hits.ts';

/** An upright rectangle on a page. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Width over height of an ID-1 card. */
export const CARD_RATIO = 85.6 / 53.98;

/** Heights of the labels' middles on the card, in its height; printings differ by some hundredths. */
const LABEL_HEIGHTS: Readonly<Partial<Record<Label, number>>> = {
  nik: 0.25,
  nama: 0.32,
  lahir: 0.365,
  jenis_kelamin: 0.41,
  alamat: 0.455,
  rt_rw: 0.5,
  kel_desa: 0.545,
  kecamatan: 0.59,
  agama: 0.635,
  status_perkawinan: 0.68,
  pekerjaan: 0.725,
  kewarganegaraan: 0.77,
  berlaku_hingga: 0.815,
};
/** Where labels begin, in the card's width. */
const LABEL_LEFT = 0.035;
/** The rows of the neighbourhood are indented, and the blood group stands behind the sex. */
export const INDENTED: ReadonlySet<Label> = new Set(['rt_rw', 'kel_desa', 'kecamatan', 'gol_darah']);
const INDENT = 0.025;

/**
 * Where the card lies on an upright page, from where its labels were read: their heights give scale and top, their
 * left edges the left. Null with fewer than four labels that agree.
 */
export function frameFromLabels(hits: readonly LabelHit[]): Rectangle | null {
  const marks = hits.flatMap((hit) => {
    const height = LABEL_HEIGHTS[hit.label];
    if (height === undefined) return [];
    const [topLeft, , , bottomLeft] = hit.line.quad;
    return [{ hit, height, x: (topLeft.x + bottomLeft.x) / 2, y: (topLeft.y + bottomLeft.y) / 2 }];
  });
  let best: { cardHeight: number; top: number; left: number; support: number } | null = null;
  for (const first of marks) {
    for (const second of marks) {
      if (second.height - first.height < 0.08) continue;
      const cardHeight = (second.y - first.y) / (second.height - first.height);
      if (!(cardHeight > 0)) continue;
      const top = first.y - first.height * cardHeight;
      const left = first.x - labelLeft(first.hit.label) * cardHeight * CARD_RATIO;
      let support = 0;
      for (const { hit, height, x, y } of marks) {
        const offY = Math.abs(top + height * cardHeight - y) / cardHeight;
        const offX = Math.abs(left + labelLeft(hit.label) * cardHeight * CARD_RATIO - x) / cardHeight;
        if (offY < 0.035 && offX < 0.12) support += hit.quality * (1 - offY / 0.07);
      }
      if (support > (best?.support ?? 0)) best = { cardHeight, top, left, support };
    }
  }
  if (!best || best.support < MIN_SUPPORT) return null;
  const { cardHeight, top, left } = best;
  return { left, top, right: left + cardHeight * CARD_RATIO, bottom: top + cardHeight };
}

/** About four labels that stand as they should. */
const MIN_SUPPORT = 2.2;

function labelLeft(label: Label): number {
  return LABEL_LEFT + (INDENTED.has(label) ? INDENT : 0);
}

/** Whether the middle of a quad lies within a frame that is grown by a share of its height. */
export function isInside(quad: Quad, frame: Rectangle, margin: number): boolean {
  const slack = (frame.bottom - frame.top) * margin;
  const x = quad.reduce((sum, point) => sum + point.x, 0) / 4;
  const y = quad.reduce((sum, point) => sum + point.y, 0) / 4;
  return x > frame.left - slack && x < frame.right + slack && y > frame.top - slack && y < frame.bottom + slack;
}
