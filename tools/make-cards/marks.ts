import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { SANS_BOLD } from './fonts.ts';
import { project } from './homography.ts';
import type { Random } from './random.ts';
import type { Shot } from './shot.ts';

/** What people put over a picture of their card: words across it, and an office's stamp. The print stays to be read. */
export interface Mark {
  /** CSS colour. */
  readonly colour: string;
  /** 0-1. */
  readonly opacity: number;
  /** Ink lets darker print through; paint of a photo editor covers it in part. */
  readonly ink: boolean;
}

const PURPOSES = [
  'HANYA UNTUK VERIFIKASI PINJAMAN',
  'UNTUK KEPERLUAN LAMARAN KERJA PT. CONTOH',
  'HANYA UNTUK PEMBUKAAN REKENING 2026',
  'TIDAK UNTUK KEPERLUAN LAIN',
  'Hanya untuk verifikasi akun contoh',
  'COPY',
];
const OFFICES = [
  ['LEGALISIR', 'SESUAI ASLINYA'],
  ['FOTOKOPI', 'SESUAI DENGAN ASLINYA', 'CAMAT'],
  ['PT. CONTOH', 'COPY SESUAI', 'ASLI'],
  ['KELURAHAN CONTOH', 'TELAH DIPERIKSA'],
];

/** Lays a drawing over the picture, in pixels of the picture. */
function layOver(shot: Shot, { opacity, ink }: Mark, draw: (context: SKRSContext2D) => void): void {
  const { width, height, data } = shot.raster;
  const context = createCanvas(width, height).getContext('2d');
  draw(context);
  const pixels = context.getImageData(0, 0, width, height).data;
  for (let i = 0, j = 0; j < data.length; i += 4, j += 3) {
    const alpha = (opacity * (pixels[i + 3] as number)) / 255;
    if (alpha === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      const here = data[j + channel] as number;
      const colour = pixels[i + channel] as number;
      data[j + channel] = (1 - alpha) * here + alpha * (ink ? (here * colour) / 255 : colour);
    }
  }
}

interface Placed {
  readonly x: number;
  readonly y: number;
  /** Width of the card in pixels of the picture. */
  readonly width: number;
  /** Direction of the card's rows, radians. */
  readonly angle: number;
}

function placeOf(shot: Shot, across: number, down: number): Placed {
  const { width, height } = shot.card.picture;
  const [x, y] = project(shot.view, across * width, down * height);
  const [x0, y0] = project(shot.view, 0, height / 2);
  const [x1, y1] = project(shot.view, width, height / 2);
  return { x, y, width: Math.hypot(x1 - x0, y1 - y0), angle: Math.atan2(y1 - y0, x1 - x0) };
}

/** One line of words across the card, aslant. */
export function writeAcross(shot: Shot, mark: Mark, random: Random): void {
  const place = placeOf(shot, random.between(0.42, 0.58), random.between(0.4, 0.6));
  const words = random.pick(PURPOSES);
  const turn = random.pick([-1, -1, -1, 1]) * random.between(0.3, 0.62);
  layOver(shot, mark, (context) => {
    context.translate(place.x, place.y);
    context.rotate(place.angle + turn);
    context.fillStyle = mark.colour;
    context.textAlign = 'center';
    context.font = `bold ${Math.round((place.width * 1.35) / Math.max(12, words.length * 0.9))}px ${SANS_BOLD}`;
    context.fillText(words, 0, 0);
  });
}

/** The same words all over the picture, row by row. */
export function writeTiled(shot: Shot, mark: Mark, random: Random): void {
  const place = placeOf(shot, 0.5, 0.5);
  const words = `${random.pick(PURPOSES)}   `;
  const size = Math.round(place.width * random.between(0.024, 0.034));
  const turn = random.pick([-1, -1, 1]) * random.between(0.3, 0.6);
  const spacing = size * random.between(2.6, 4);
  const reach = Math.hypot(shot.raster.width, shot.raster.height) / 2;
  layOver(shot, mark, (context) => {
    context.translate(shot.raster.width / 2, shot.raster.height / 2);
    context.rotate(place.angle + turn);
    context.fillStyle = mark.colour;
    context.font = `bold ${size}px ${SANS_BOLD}`;
    const length = context.measureText(words).width;
    for (let y = -reach, row = 0; y < reach; y += spacing, row++) {
      for (let x = -reach - (row % 3) * length * 0.31; x < reach; x += length) context.fillText(words, x, y);
    }
  });
}

/** A round stamp with its office's words, pressed on the values. */
export function stamp(shot: Shot, mark: Mark, random: Random): void {
  const place = placeOf(shot, random.between(0.3, 0.62), random.between(0.35, 0.78));
  const radius = place.width * random.between(0.1, 0.15);
  const lines = random.pick(OFFICES);
  layOver(shot, mark, (context) => {
    context.translate(place.x, place.y);
    context.rotate(place.angle + random.between(-0.3, 0.3));
    context.strokeStyle = mark.colour;
    context.fillStyle = mark.colour;
    context.textAlign = 'center';
    for (const [share, width] of [
      [1, 0.05],
      [0.7, 0.025],
    ] as const) {
      context.lineWidth = radius * width;
      context.beginPath();
      context.arc(0, 0, radius * share, 0, 7);
      context.stroke();
    }
    const longest = Math.max(...lines.map((line) => line.length));
    const size = Math.min(radius * 0.26, (radius * 1.9) / (longest * 0.62));
    context.font = `bold ${Math.round(size)}px ${SANS_BOLD}`;
    for (const [index, line] of lines.entries()) {
      context.fillText(line, 0, (index - (lines.length - 1) / 2) * size * 1.35 + size * 0.35);
    }
    const around = 'PEMERINTAH KABUPATEN CONTOH * ';
    context.font = `bold ${Math.round(radius * 0.17)}px ${SANS_BOLD}`;
    for (const [index, letter] of [...around].entries()) {
      context.save();
      context.rotate((index / around.length) * 2 * Math.PI);
      context.fillText(letter, 0, -radius * 0.78);
      context.restore();
    }
  });
}
