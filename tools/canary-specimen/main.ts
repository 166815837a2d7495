/**
 * Draws the card that the canary shows to a model: `npx tsx tools/canary-specimen/main.ts` writes
 * src/inference/canary/specimen-image.ts. The values are those of src/inference/canary/specimen.ts.
 */
import { writeFileSync } from 'node:fs';
import { createCanvas } from '@napi-rs/canvas';
import sharp from 'sharp';
import { SPECIMEN } from '../../src/inference/canary/specimen.ts';
import { registerFonts, SANS, SANS_BOLD } from '../make-cards/fonts.ts';

const WIDTH = 640;
const HEIGHT = 320;

registerFonts();
const canvas = createCanvas(WIDTH, HEIGHT);
const context = canvas.getContext('2d');
context.fillStyle = '#dbe8f0';
context.fillRect(0, 0, WIDTH, HEIGHT);
context.fillStyle = '#16181c';
const rows = [
  ['NIK', SPECIMEN.nik],
  ['Nama', 'SPESIMEN UJI'],
  ['Tempat/Tgl Lahir', `BOGOR, ${SPECIMEN.birthDate}`],
  ['Pekerjaan', 'KARYAWAN SWASTA'],
  ['Tgl Terbit', SPECIMEN.issueDate],
];
for (const [index, [label = '', value = '']] of rows.entries()) {
  const y = 54 + index * 56;
  context.font = `24px ${SANS}`;
  context.fillText(label, 20, y);
  context.font = index === 0 ? `30px ${SANS_BOLD}` : `24px ${SANS}`;
  context.fillText(`: ${value}`, 225, y);
}
const png = await sharp(canvas.toBuffer('image/png')).png({ palette: true, colours: 8 }).toBuffer();
const lines = png.toString('base64').match(/.{1,112}/g) ?? [];
const text = `/** Drawn by tools/canary-specimen: a PNG of ${WIDTH} x ${HEIGHT} pixels, base64. */
export const SPECIMEN_IMAGE = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
writeFileSync(new URL('../../src/inference/canary/specimen-image.ts', import.meta.url), text);
