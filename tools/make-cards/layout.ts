import type { CardKind } from './identity.ts';
import type { Random } from './random.ts';

export type RowName =
  | 'nama'
  | 'lahir'
  | 'kelamin'
  | 'alamat'
  | 'rt_rw'
  | 'kel_desa'
  | 'kecamatan'
  | 'agama'
  | 'status'
  | 'pekerjaan'
  | 'kewarganegaraan'
  | 'berlaku';

export type LabelName = RowName | 'gol_darah';

/** One printing of the card. Positions are fractions of the card's width (x) and height (y, baselines, sizes). */
export interface Layout {
  readonly labels: Readonly<Record<LabelName, string>>;
  readonly headerY: readonly [number, number];
  readonly headerSize: number;
  readonly nikY: number;
  readonly nikSize: number;
  /** Thickening of the NIK's thin strokes, as a share of its size. */
  readonly nikStroke: number;
  readonly firstRowY: number;
  /** Distance of two rows; shrinks on cards whose wrapped values need more of them. */
  readonly rowPitch: number;
  readonly lastRowY: number;
  readonly textSize: number;
  /** Horizontal scale of labels and values: 1 as the font is, 0.8 narrow. */
  readonly fontWidth: number;
  readonly boldLabels: boolean;
  readonly boldValues: boolean;
  readonly labelX: number;
  readonly indent: number;
  readonly colonX: number;
  readonly valueX: number;
  /** Right end of the values; longer ones wrap, or are squeezed where `wrap` is false. */
  readonly valueEnd: number;
  readonly wrap: boolean;
  readonly bloodX: number;
  /** Between day, month and year. */
  readonly dateSeparator: string;
  readonly placeSeparator: string;
  readonly photo: readonly [x: number, y: number, width: number, height: number];
  readonly issueX: number;
  readonly issueY: readonly [number, number];
  readonly issueSize: number;
  readonly ink: string;
}

const STANDARD: Record<LabelName, string> = {
  nama: 'Nama',
  lahir: 'Tempat/Tgl Lahir',
  kelamin: 'Jenis Kelamin',
  gol_darah: 'Gol. Darah',
  alamat: 'Alamat',
  rt_rw: 'RT/RW',
  kel_desa: 'Kel/Desa',
  kecamatan: 'Kecamatan',
  agama: 'Agama',
  status: 'Status Perkawinan',
  pekerjaan: 'Pekerjaan',
  kewarganegaraan: 'Kewarganegaraan',
  berlaku: 'Berlaku Hingga',
};

const EARLY: Record<LabelName, string> = {
  ...STANDARD,
  lahir: 'Tempat/Tgl. Lahir',
  kelamin: 'Jenis kelamin',
  gol_darah: 'Gol Darah',
  rt_rw: 'RT / RW',
  kel_desa: 'Kel / Desa',
  status: 'Status perkawinan',
  berlaku: 'Berlaku hingga',
};

const CAPITALS = Object.fromEntries(
  Object.entries(STANDARD).map(([name, label]) => [name, label.toUpperCase()]),
) as Record<LabelName, string>;

type Wording = 'standard' | 'early' | 'capitals';

const LABELS: Readonly<Record<Wording, Record<LabelName, string>>> = {
  standard: STANDARD,
  early: EARLY,
  capitals: CAPITALS,
};

/** Draws a printing: wording, type and positions move as they do between offices and years. */
export function makeLayout(kind: CardKind, random: Random): Layout {
  const wording: Wording = random.weighted([
    ['standard', 75],
    ['early', 15],
    ['capitals', 10],
  ]);
  const fontWidth = random.between(0.84, 1);
  const shiftX = random.between(-0.008, 0.008);
  const shiftY = random.between(-0.01, 0.01);
  const colonX = random.between(0.255, 0.272) + shiftX;
  const rowPitch = random.between(0.0435, 0.047);
  return {
    labels: LABELS[wording],
    headerY: [0.088 + shiftY + random.between(-0.012, 0.008), 0.15 + shiftY + random.between(-0.01, 0.008)],
    headerSize: random.between(0.05, 0.06),
    nikY: 0.258 + shiftY,
    nikSize: random.between(0.068, 0.078),
    nikStroke: random.chance(0.5) ? random.between(0.01, 0.05) : 0,
    firstRowY: 0.32 + shiftY + random.between(-0.004, 0.006),
    rowPitch,
    lastRowY: 0.865 + shiftY,
    textSize: rowPitch * random.between(0.82, 0.9),
    fontWidth,
    boldLabels: random.chance(0.35),
    boldValues: random.chance(0.5),
    labelX: 0.034 + shiftX,
    indent: random.pick([0.02, 0.03, 0.045]),
    colonX,
    valueX:
      colonX +
      random.weighted([
        [0.008, 10],
        [0.014, 50],
        [0.02, 40],
      ]),
    valueEnd: random.between(0.685, 0.715),
    wrap: random.chance(0.8),
    bloodX: random.between(0.47, 0.53),
    dateSeparator: wording === 'early' ? random.pick(['-', '-', '/', '.', ' - ']) : '-',
    placeSeparator: random.weighted([
      [', ', 90],
      [',', 10],
    ]),
    photo: [0.715 + shiftX, 0.28 + shiftY + random.between(-0.005, 0.015), random.between(0.235, 0.25), 0.475],
    issueX: 0.84 + shiftX,
    issueY: [0.815 + shiftY, 0.858 + shiftY],
    issueSize: random.between(0.032, 0.037),
    ink: kind === 'foreigner' ? '#1d1512' : random.pick(['#14161a', '#1c1a20', '#20262c', '#101418']),
  };
}
