import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import type { FieldName } from '../../src/ktp/field-names.ts';
import { drawBackground } from './background.ts';
import { OCR_A, registerFonts, SANS, SANS_BOLD } from './fonts.ts';
import { type CardKind, type Identity, makeIdentity } from './identity.ts';
import { type Layout, makeLayout, type RowName } from './layout.ts';
import { drawPortrait, drawSignature } from './portrait.ts';
import { Random } from './random.ts';
import { drawWithAlpha, type RgbaRaster } from './raster.ts';
import { loadRegions } from './regions.ts';
import { type Box, measure, type Run, setLine, type TypeStyle, wrapRuns } from './type-setting.ts';
import { wearInk } from './wear.ts';

/** Width by height of an ISO ID-1 card. */
export const CARD_RATIO = 85.6 / 53.98;

export interface CardOptions {
  /** Pixels. */
  readonly width?: number;
  /** Default: one card of twenty is a foreigner's. */
  readonly kind?: CardKind;
  /** 0 new to 1 hardly legible. */
  readonly wear?: number;
}

/** A card by itself, with rounded corners in its alpha. */
export interface DrawnCard {
  readonly picture: RgbaRaster;
  readonly identity: Identity;
  /** Box of each printed value in pixels of the card. */
  readonly boxes: ReadonlyMap<FieldName, Box>;
  /** Size of the type of the rows, in pixels of the card. */
  readonly lineHeight: number;
}

const ROW_FIELDS: Readonly<Partial<Record<RowName, FieldName>>> = {
  nama: 'nama',
  alamat: 'alamat',
  kel_desa: 'kel_desa',
  kecamatan: 'kecamatan',
  agama: 'agama',
  status: 'status_perkawinan',
  pekerjaan: 'pekerjaan',
  kewarganegaraan: 'kewarganegaraan',
  berlaku: 'berlaku_hingga',
};

const ROWS: readonly RowName[] = [
  'nama',
  'lahir',
  'kelamin',
  'alamat',
  'rt_rw',
  'kel_desa',
  'kecamatan',
  'agama',
  'status',
  'pekerjaan',
  'kewarganegaraan',
  'berlaku',
];

const INDENTED: ReadonlySet<RowName> = new Set(['rt_rw', 'kel_desa', 'kecamatan']);

function rowRuns(row: RowName, identity: Identity, layout: Layout): Run[] {
  const printed = identity.printed;
  const separated = (date: string | null): string => (date ?? '').replaceAll('-', layout.dateSeparator);
  switch (row) {
    case 'lahir':
      return [
        { text: printed.tempat_lahir ?? '', field: 'tempat_lahir' },
        { text: layout.placeSeparator, field: null },
        { text: separated(printed.tgl_lahir), field: 'tgl_lahir' },
      ];
    case 'kelamin':
      return [{ text: printed.jenis_kelamin ?? '', field: 'jenis_kelamin' }];
    case 'rt_rw':
      return [
        { text: printed.rt ?? '', field: 'rt' },
        { text: '/', field: null },
        { text: printed.rw ?? '', field: 'rw' },
      ];
    default: {
      const field = ROW_FIELDS[row];
      return field === undefined ? [] : [{ text: printed[field] ?? '', field }];
    }
  }
}

/** Collects the boxes of values; a wrapped value gets the box around all of its lines. */
class BoxMap extends Map<FieldName, Box> {
  add(entries: ReadonlyArray<{ field: FieldName; box: Box }>): void {
    for (const { field, box } of entries) {
      const old = this.get(field) ?? box;
      this.set(field, [
        Math.min(old[0], box[0]),
        Math.min(old[1], box[1]),
        Math.max(old[2], box[2]),
        Math.max(old[3], box[3]),
      ]);
    }
  }
}

/** Draws all text and returns where each value stands. */
function drawText(context: SKRSContext2D, width: number, height: number, identity: Identity, layout: Layout): BoxMap {
  const boxes = new BoxMap();
  const style = (size: number, bold: boolean, fontWidth = layout.fontWidth): TypeStyle => ({
    family: bold ? SANS_BOLD : SANS,
    size: size * height,
    width: fontWidth,
    colour: layout.ink,
  });
  const centred = (runs: readonly Run[], x: number, y: number, type: TypeStyle): void => {
    const text = runs.map((run) => run.text).join('');
    boxes.add(setLine(context, runs, x * width - measure(context, text, type) / 2, y * height, type));
  };
  const { printed } = identity;
  const header = style(layout.headerSize, true, Math.min(1, layout.fontWidth + 0.05));
  const province: Run[] = [
    { text: 'PROVINSI ', field: null },
    { text: printed.provinsi ?? '', field: 'provinsi' },
  ];
  centred(province, 0.5, layout.headerY[0], header);
  centred([{ text: printed.kabupaten_kota ?? '', field: 'kabupaten_kota' }], 0.5, layout.headerY[1], header);

  const nikLabel = style(layout.nikSize * 0.86, true, 1);
  setLine(context, [{ text: 'NIK', field: null }], layout.labelX * width, layout.nikY * height, nikLabel);
  const nikValue: TypeStyle = {
    family: OCR_A,
    size: layout.nikSize * height,
    width: 1,
    colour: layout.ink,
    stroke: layout.nikStroke,
  };
  setLine(context, [{ text: ':', field: null }], (layout.colonX - 0.03) * width, layout.nikY * height, nikLabel);
  boxes.add(
    setLine(
      context,
      [{ text: printed.nik ?? '', field: 'nik' }],
      (layout.colonX - 0.005) * width,
      layout.nikY * height,
      nikValue,
    ),
  );

  drawRows(context, width, height, identity, layout, boxes);

  const issue = style(layout.issueSize, layout.boldValues);
  const issuedAt = (printed.tgl_terbit ?? '').replaceAll('-', layout.dateSeparator);
  centred([{ text: printed.tempat_terbit ?? '', field: 'tempat_terbit' }], layout.issueX, layout.issueY[0], {
    ...issue,
    width: Math.min(
      issue.width,
      (0.29 * width) / measure(context, printed.tempat_terbit ?? '', { ...issue, width: 1 }),
    ),
  });
  centred([{ text: issuedAt, field: 'tgl_terbit' }], layout.issueX, layout.issueY[1], issue);
  return boxes;
}

function drawRows(
  context: SKRSContext2D,
  width: number,
  height: number,
  identity: Identity,
  layout: Layout,
  boxes: BoxMap,
): void {
  const type = (bold: boolean): TypeStyle => ({
    family: bold ? SANS_BOLD : SANS,
    size: layout.textSize * height,
    width: layout.fontWidth,
    colour: layout.ink,
  });
  const label = type(layout.boldLabels);
  const value = type(layout.boldValues);
  const limit = (Math.min(layout.valueEnd, layout.photo[0] - 0.004) - layout.valueX) * width;
  const rows = ROWS.map((row) => {
    const runs = rowRuns(row, identity, layout);
    const full = measure(context, runs.map((run) => run.text).join(''), value);
    if (full <= limit) return { row, lines: [runs], type: value };
    // Offices without wrapping squeeze the type, down to a limit.
    if (!layout.wrap && full * 0.78 <= limit)
      return { row, lines: [runs], type: { ...value, width: (value.width * limit) / full } };
    return { row, lines: wrapRuns(context, runs, limit, value), type: value };
  });
  const lineCount = rows.reduce((sum, row) => sum + row.lines.length, 0);
  const pitch = Math.min(layout.rowPitch, (layout.lastRowY - layout.firstRowY) / (lineCount - 1));
  let y = layout.firstRowY;
  for (const { row, lines, type: rowType } of rows) {
    const labelX = (layout.labelX + (INDENTED.has(row) ? layout.indent : 0)) * width;
    const room = (layout.colonX - 0.004) * width - labelX;
    const squeeze = Math.min(1, room / measure(context, layout.labels[row], label));
    const labelType = { ...label, width: label.width * squeeze };
    setLine(context, [{ text: layout.labels[row], field: null }], labelX, y * height, labelType);
    setLine(context, [{ text: ':', field: null }], layout.colonX * width, y * height, value);
    if (row === 'kelamin') drawBlood(context, width, y * height, identity, layout, label, value, boxes);
    for (const line of lines) {
      boxes.add(setLine(context, line, layout.valueX * width, y * height, rowType));
      y += pitch;
    }
  }
}

function drawBlood(
  context: SKRSContext2D,
  width: number,
  baseline: number,
  identity: Identity,
  layout: Layout,
  label: TypeStyle,
  value: TypeStyle,
  boxes: BoxMap,
): void {
  const sexEnd = layout.valueX * width + measure(context, identity.printed.jenis_kelamin ?? '', value);
  const text = `${layout.labels.gol_darah} : `;
  const group: Run = { text: identity.printed.gol_darah ?? '', field: 'gol_darah' };
  const full = measure(context, text, label) + measure(context, group.text, value);
  // As far right as the printing says, but left of the photo, and never on the sex itself.
  const free = (layout.photo[0] - 0.006) * width - full;
  const x = Math.max(Math.min(layout.bloodX * width, free), sexEnd + value.size * 0.35);
  setLine(context, [{ text, field: null }], x, baseline, label);
  boxes.add(setLine(context, [group], x + measure(context, text, label), baseline, value));
}

/** Draws the card of an invented person. The same seed and options give the same pixels. */
export async function drawCard(seed: string | number, options: CardOptions = {}): Promise<DrawnCard> {
  registerFonts();
  const provinces = await loadRegions();
  const random = new Random(`card/${seed}`);
  const kind = options.kind ?? (random.fork('kind').chance(1 / 20) ? 'foreigner' : 'citizen');
  const identity = makeIdentity(kind, provinces, random.fork('identity'));
  const layout = makeLayout(kind, random.fork('layout'));
  const width = Math.round(options.width ?? 1012);
  const height = Math.round(width / CARD_RATIO);

  const ink = createCanvas(width, height);
  const boxes = drawText(ink.getContext('2d'), width, height, identity, layout);
  wearInk(ink, options.wear ?? 0, random.fork('wear'));

  const picture = drawWithAlpha(width, height, (context) => {
    context.beginPath();
    context.roundRect(0, 0, width, height, width * 0.034);
    context.clip();
    drawBackground(context, width, height, kind, random.fork('background'));
    const [x, y, w, h] = layout.photo;
    context.globalAlpha = 1 - 0.4 * (options.wear ?? 0);
    drawPortrait(context, [x * width, y * height, w * width, h * height], identity.sex, random.fork('portrait'));
    const signature = [(x + 0.02) * width, 0.87 * height, (w - 0.04) * width, 0.09 * height] as const;
    drawSignature(context, signature, random.fork('signature'));
    context.globalAlpha = 1;
    context.drawImage(ink, 0, 0);
  });
  return { picture, identity, boxes, lineHeight: layout.textSize * height };
}
