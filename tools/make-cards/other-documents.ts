import type { SKRSContext2D } from '@napi-rs/canvas';
import { makeAddress } from './address.ts';
import { CARD_RATIO } from './draw-card.ts';
import { MONO, registerFonts, SANS, SANS_BOLD } from './fonts.ts';
import { makeName } from './names.ts';
import type { Random } from './random.ts';
import { drawWithAlpha, type RgbaRaster } from './raster.ts';

/** Papers and cards that are no KTP though they share its words. All invented, all without real emblems. */
export const OTHER_DOCUMENTS = ['sim', 'npwp', 'bpjs', 'student', 'bank', 'name-card', 'receipt', 'letter'] as const;
export type OtherDocument = (typeof OTHER_DOCUMENTS)[number];

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.integer(0, 9)).join('');
/** Sixteen digits with the serial 0000, as on every card that this project draws. */
const specimenNik = (random: Random): string => `${random.integer(11, 96)}${digits(random, 10)}0000`;
const date = (random: Random): string =>
  `${String(random.integer(1, 28)).padStart(2, '0')}-${String(random.integer(1, 12)).padStart(2, '0')}-${random.integer(1950, 2024)}`;
const name = (random: Random): string =>
  makeName(random.chance(0.5) ? 'female' : 'male', String(random.integer(11, 96)), random);

type Line = readonly [label: string, value: string];

interface CardDesign {
  readonly titles: readonly string[];
  readonly lines: readonly Line[];
  readonly colours: readonly [top: string, bottom: string, ink: string];
  /** Share of the width that the photo takes at the right or the left; 0 without one. */
  readonly photo: number;
  readonly photoLeft?: boolean;
  readonly big?: string;
}

const PALE: ReadonlyArray<CardDesign['colours']> = [
  ['#dfeaf5', '#b9d2ea', '#15181d'],
  ['#f4f2ea', '#e0d6bd', '#1b1712'],
  ['#e3f1e2', '#b9dcb8', '#10180f'],
  ['#f6dfe2', '#e5b9c0', '#1a1012'],
];
const DARK: ReadonlyArray<CardDesign['colours']> = [
  ['#123a63', '#0a1f3a', '#e9eef5'],
  ['#222222', '#494133', '#e4d3a4'],
  ['#7a1626', '#3d0a14', '#f4e9e9'],
];

const DESIGNS: Record<Exclude<OtherDocument, 'receipt' | 'letter'>, (random: Random) => CardDesign> = {
  sim: (random) => ({
    titles: ['INDONESIA', 'SURAT IZIN MENGEMUDI', 'DRIVING LICENSE'],
    lines: [
      ['1. Nama', name(random)],
      ['2. Tempat, Tgl. Lahir', `${random.pick(['MEDAN', 'MALANG', 'PALU'])}, ${date(random)}`],
      ['3. Gol. Darah - Jenis Kelamin', `${random.pick(['O', 'A', 'B', '-'])} - ${random.pick(['PRIA', 'WANITA'])}`],
      ['4. Alamat', makeAddress(random)],
      ['5. Pekerjaan', random.pick(['SWASTA', 'PELAJAR/MHS', 'PNS'])],
      ['6. Diterbitkan Oleh', `POLRES ${random.pick(['MEDAN', 'MALANG', 'PALU'])}`],
      ['Berlaku Hingga', date(random)],
    ],
    colours: random.pick(PALE),
    photo: 0.22,
    photoLeft: random.chance(0.5),
    big: `SIM ${random.pick(['A', 'B1', 'C'])} SPESIMEN`,
  }),
  npwp: (random) => ({
    titles: ['KEMENTERIAN KEUANGAN', 'DIREKTORAT JENDERAL PAJAK'],
    lines: [
      [
        'NPWP',
        `${digits(random, 2)}.${digits(random, 3)}.${digits(random, 3)}.${digits(random, 1)}-${digits(random, 3)}.000`,
      ],
      ['Nama', name(random)],
      ['NIK', specimenNik(random)],
      ['Alamat', makeAddress(random)],
      ['KPP', `PRATAMA ${random.pick(['BEKASI', 'SERANG', 'KUPANG'])}`],
      ['Tanggal Terdaftar', date(random)],
    ],
    colours: random.pick(PALE),
    photo: 0,
    big: 'NPWP SPESIMEN',
  }),
  bpjs: (random) => ({
    titles: ['KARTU INDONESIA SEHAT', 'PROGRAM JAMINAN KESEHATAN SPESIMEN'],
    lines: [
      ['Nomor Kartu', `000${digits(random, 10)}`],
      ['Nama', name(random)],
      ['Alamat', makeAddress(random)],
      ['Tanggal Lahir', date(random)],
      ['NIK', specimenNik(random)],
      ['Faskes Tingkat I', `PUSKESMAS ${random.pick(['MELATI', 'CIBUBUR', 'WAENA'])}`],
    ],
    colours: random.pick(PALE),
    photo: 0,
  }),
  student: (random) => ({
    titles: ['UNIVERSITAS CONTOH NUSANTARA', random.pick(['KARTU TANDA MAHASISWA', 'KARTU PELAJAR'])],
    lines: [
      ['Nama', name(random)],
      ['NIM', digits(random, 10)],
      ['Program Studi', random.pick(['TEKNIK INFORMATIKA', 'ILMU HUKUM', 'KEPERAWATAN'])],
      ['Tempat/Tgl Lahir', `${random.pick(['SOLO', 'AMBON', 'BANJARMASIN'])}, ${date(random)}`],
      ['Alamat', makeAddress(random)],
      ['Berlaku', 'SELAMA MENJADI MAHASISWA'],
    ],
    colours: random.pick([...PALE, ...DARK]),
    photo: 0.2,
    photoLeft: random.chance(0.6),
  }),
  bank: (random) => ({
    titles: [random.pick(['BANK CONTOH', 'BANK SPESIMEN SYARIAH', 'TABUNGAN CONTOH'])],
    lines: [
      ['', `${digits(random, 4)} ${digits(random, 4)} ${digits(random, 4)} 0000`],
      ['VALID THRU', `${String(random.integer(1, 12)).padStart(2, '0')}/${random.integer(25, 32)}`],
      ['', name(random)],
    ],
    colours: random.pick(DARK),
    photo: 0,
    big: random.pick(['DEBIT', 'GPN', 'PLATINUM']),
  }),
  'name-card': (random) => ({
    titles: [name(random), random.pick(['Marketing Manager', 'Notaris & PPAT', 'Kepala Bagian Umum'])],
    lines: [
      ['', `PT ${random.pick(['CONTOH MAJU', 'SPESIMEN JAYA', 'NUSANTARA ABADI'])}`],
      ['Alamat', makeAddress(random)],
      ['Telp', `(0${random.integer(21, 99)}) ${digits(random, 7)}`],
      ['HP', `08${digits(random, 10)}`],
      ['Email', 'kontak@contoh.example'],
    ],
    colours: random.pick([...PALE, ['#ffffff', '#f6f6f4', '#222222'] as const]),
    photo: 0,
  }),
};

function drawDesign(context: SKRSContext2D, width: number, height: number, design: CardDesign, random: Random): void {
  const [top, bottom, ink] = design.colours;
  context.beginPath();
  context.roundRect(0, 0, width, height, width * 0.034);
  context.clip();
  const gradient = context.createLinearGradient(0, 0, width * random.between(0, 1), height);
  gradient.addColorStop(0, top);
  gradient.addColorStop(1, bottom);
  context.fillStyle = gradient;
  context.fillRect(0, 0, width, height);
  context.fillStyle = ink;
  context.textAlign = 'center';
  design.titles.forEach((title, i) => {
    context.font = `${height * (i === 0 ? 0.066 : 0.052)}px ${SANS_BOLD}`;
    context.fillText(title, width / 2, height * (0.1 + 0.075 * i));
  });
  context.textAlign = 'left';
  const photoWidth = design.photo * width;
  const left = design.photoLeft === true ? photoWidth + width * 0.07 : width * 0.05;
  if (photoWidth > 0) {
    context.fillStyle = random.pick(['#8b2a2a', '#2a4f8b', '#999999']);
    context.fillRect(
      design.photoLeft === true ? width * 0.04 : width * 0.96 - photoWidth,
      height * 0.34,
      photoWidth,
      photoWidth * 1.3,
    );
    context.fillStyle = ink;
  }
  const first = 0.2 + 0.075 * design.titles.length;
  const pitch = Math.min(0.09, (0.9 - first) / design.lines.length);
  const longest = Math.max(...design.lines.map(([label]) => label.length));
  design.lines.forEach(([label, value], i) => {
    const y = height * (first + pitch * i);
    const size = height * Math.min(0.045, pitch * 0.62);
    context.font = `${size}px ${SANS}`;
    context.fillText(label, left, y);
    const valueX = left + (longest === 0 ? 0 : longest * size * 0.56);
    if (label === '' && /^[0-9 ]+$/.test(value)) context.font = `${height * 0.1}px ${MONO}`;
    context.fillText(label === '' ? value : `: ${value}`, label === '' ? left : valueX, y);
  });
  if (design.big !== undefined) {
    context.font = `${height * 0.075}px ${SANS_BOLD}`;
    context.textAlign = 'right';
    context.fillText(design.big, width * 0.95, height * 0.95);
  }
}

const GOODS = [
  'BERAS 5KG',
  'MINYAK GORENG',
  'GULA PASIR',
  'TELUR AYAM',
  'KOPI BUBUK',
  'SABUN MANDI',
  'MIE INSTAN',
  'TEH CELUP',
];

function receiptLines(random: Random): string[] {
  const lines = [
    'TOKO CONTOH SEJAHTERA',
    makeAddress(random),
    `TGL ${date(random)} 14:${random.integer(10, 59)}`,
    '-'.repeat(32),
  ];
  for (let i = 0; i < random.integer(6, 14); i++) {
    const price = random.integer(2, 99) * 1000;
    lines.push(
      `${random.pick(GOODS).padEnd(18)}${String(random.integer(1, 4)).padStart(3)}${price.toLocaleString('en').padStart(11)}`,
    );
  }
  return [
    ...lines,
    '-'.repeat(32),
    `TOTAL${(random.integer(50, 900) * 1000).toLocaleString('en').padStart(27)}`,
    'TERIMA KASIH',
  ];
}

const SENTENCES = [
  'Dengan ini kami sampaikan bahwa rapat warga akan diadakan pada hari Sabtu pukul sembilan pagi.',
  'Mohon kehadiran Bapak dan Ibu sekalian tepat pada waktunya.',
  'Surat ini dibuat sebagai contoh dan tidak memiliki kekuatan hukum.',
  'Segala biaya yang timbul ditanggung oleh panitia penyelenggara.',
  'Demikian surat ini kami sampaikan, atas perhatiannya kami ucapkan terima kasih.',
];

function letterLines(random: Random): string[] {
  const lines = ['SURAT KETERANGAN', `Nomor: ${random.integer(10, 999)}/SPESIMEN/2024`, ''];
  lines.push('Yang bertanda tangan di bawah ini menerangkan bahwa:');
  lines.push(`Nama      : ${name(random)}`, `Alamat    : ${makeAddress(random)}`, '');
  for (let i = 0; i < random.integer(5, 12); i++) lines.push(random.pick(SENTENCES));
  return [
    ...lines,
    '',
    `${random.pick(['Bandung', 'Makassar', 'Medan'])}, ${date(random)}`,
    'Ketua RT',
    '',
    name(random),
  ];
}

function drawPaper(
  lines: readonly string[],
  width: number,
  height: number,
  family: string,
  random: Random,
): RgbaRaster {
  return drawWithAlpha(width, height, (context) => {
    context.fillStyle = random.pick(['#fdfdfb', '#f4f1e8', '#f7f8fa']);
    context.fillRect(0, 0, width, height);
    context.fillStyle = '#222226';
    const longest = Math.max(...lines.map((line) => line.length));
    const size = Math.min(
      (width * 0.88) / (longest * (family === MONO ? 0.6 : 0.5)),
      (height * 0.9) / (lines.length * 1.5),
    );
    context.font = `${size}px ${family}`;
    lines.forEach((line, i) => {
      context.fillText(line, width * 0.06, height * 0.05 + size * 1.5 * (i + 1));
    });
  });
}

/** Draws a document that is no KTP, `width` pixels wide. */
export function drawOtherDocument(kind: OtherDocument, width: number, random: Random): RgbaRaster {
  registerFonts();
  const size = Math.round(width);
  if (kind === 'receipt') return drawPaper(receiptLines(random), size, Math.round(size * 1.9), MONO, random);
  if (kind === 'letter') return drawPaper(letterLines(random), size, Math.round(size * 1.41), SANS, random);
  const height = Math.round(size / CARD_RATIO);
  const design = DESIGNS[kind](random);
  return drawWithAlpha(size, height, (context) => drawDesign(context, size, height, design, random.fork('design')));
}
