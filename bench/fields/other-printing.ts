import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';
import sharp from 'sharp';
import type { FieldName } from '../../src/ktp/field-names.ts';
import { type Identity, makeIdentity } from '../../tools/make-cards/identity.ts';
import { Random } from '../../tools/make-cards/random.ts';
import { loadRegions } from '../../tools/make-cards/regions.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';

/**
 * A second, cruder way to draw cards, with fonts, wordings and positions that tools/make-cards does not use: shows
 * whether the parser has grown fond of one printing. Uses what fonts the machine has.
 */
const FONTS = [
  'DejaVu Sans Condensed',
  'DejaVu Sans',
  'Liberation Sans Narrow',
  'Liberation Sans',
  'DejaVu Serif Condensed',
];
const NIK_FONTS = ['OCR A', 'Liberation Mono', 'DejaVu Sans Mono', 'Liberation Sans'];

type Row = readonly [label: string, value: string, ...more: string[]];

/** Draws the card of `seed` as a JPEG that shows little more than the card. */
export async function drawOtherPrinting(seed: number): Promise<{ jpeg: Buffer; truth: Truth }> {
  const random = new Random(`other/${seed}`);
  const identity = makeIdentity(random.chance(0.08) ? 'foreigner' : 'citizen', await loadRegions(), random.fork('who'));
  const width = random.integer(640, 1400);
  const height = Math.round(width / 1.586);
  const margin = random.integer(0, 60);
  const canvas = createCanvas(width + 2 * margin, height + 2 * margin);
  const context = canvas.getContext('2d');
  context.fillStyle = random.pick(['#888', '#fff', '#333', '#b09070']);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((random.between(-2, 2) * Math.PI) / 180);
  context.translate(-width / 2, -height / 2);
  const ground = context.createLinearGradient(0, 0, width, height);
  ground.addColorStop(0, random.pick(['#a8cfe0', '#9cc4dc', '#c3dbe6', '#e9b98a']));
  ground.addColorStop(1, random.pick(['#cfe3ea', '#b5d3df', '#dfe9ec']));
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  print(context, width, height, identity, random.fork('print'));
  const blur = random.between(0.3, 0.9);
  const jpeg = await sharp(canvas.toBuffer('image/png'))
    .blur(blur)
    .jpeg({ quality: random.integer(55, 92) })
    .toBuffer();
  const { fields, printed } = identity;
  return {
    jpeg,
    truth: {
      document: 'ktp',
      seed: String(seed),
      level: 'other',
      strength: 'moderate',
      fields,
      printed,
      hidden: [],
      quads: {},
    },
  };
}

function print(context: SKRSContext2D, width: number, height: number, identity: Identity, random: Random): void {
  const family = random.pick(FONTS.filter((name) => GlobalFonts.has(name)));
  const nikFamily = random.pick(NIK_FONTS.filter((name) => GlobalFonts.has(name)));
  const labelWeight = random.pick(['normal', 'bold']);
  const valueWeight = random.pick(['normal', 'bold', 'bold']);
  const size = height * random.between(0.036, 0.043);
  const text = (value: string, x: number, y: number, weight: string, scale = 1, face = family): number => {
    context.font = `${weight} ${size * scale}px "${face}"`;
    context.fillText(value, x, y);
    return context.measureText(value).width;
  };
  context.fillStyle = random.pick(['#111', '#1a1a22', '#222018']);
  const get = (name: FieldName): string => identity.printed[name] ?? '';
  context.textAlign = 'center';
  const header = random.between(1.15, 1.5);
  text(`PROVINSI ${get('provinsi')}`, width / 2, height * random.between(0.075, 0.1), 'bold', header);
  text(get('kabupaten_kota'), width / 2, height * random.between(0.135, 0.165), 'bold', header);
  context.textAlign = 'left';
  const labelX = width * random.between(0.02, 0.05);
  const colonX = width * random.between(0.24, 0.29);
  const glued = random.chance(0.25);
  const valueX = colonX + width * (glued ? 0.006 : random.between(0.01, 0.025));
  const y0 = height * random.between(0.235, 0.262);
  text('NIK', labelX, y0, labelWeight, 1.3);
  const colonGap = random.chance(0.5) ? width * 0.02 : 0;
  text(':', colonX - colonGap, y0, valueWeight, 1.3);
  text(get('nik'), valueX - colonGap, y0, random.pick(['normal', 'bold']), random.between(1.4, 1.75), nikFamily);

  const separator = random.pick(['-', '-', '-', '/', '.']);
  const place = `${get('tempat_lahir')}${random.pick([', ', ',', ' , ', ' / '])}${get('tgl_lahir').replaceAll('-', separator)}`;
  const slash = random.pick(['/', '/', ' / ']);
  const upper = random.chance(0.15);
  const label = (...choices: string[]): string => (upper ? random.pick(choices).toUpperCase() : random.pick(choices));
  const rows: Row[] = [
    [label('Nama', 'Nama Lengkap'), ...wrap(get('nama'), random)],
    [
      label('Tempat/Tgl Lahir', 'Tempat/Tgl. Lahir', 'Tempat, Tgl Lahir', 'Tempat / Tgl Lahir', 'Tempat/Tanggal Lahir'),
      place,
    ],
    [label('Jenis Kelamin', 'Jenis kelamin'), get('jenis_kelamin')],
    [label('Alamat'), ...wrap(get('alamat'), random)],
    [label('RT/RW', 'RT / RW', 'Rt/Rw'), `${get('rt')}${slash}${get('rw')}`],
    [label('Kel/Desa', 'Kel / Desa', 'Kel./Desa', 'Kelurahan/Desa', 'Desa/Kel'), get('kel_desa')],
    [label('Kecamatan'), get('kecamatan')],
    [label('Agama', 'Agama', 'Agama/Kepercayaan'), get('agama')],
    [label('Status Perkawinan', 'Status perkawinan', 'Status Kawin'), get('status_perkawinan')],
    [label('Pekerjaan'), get('pekerjaan')],
    [label('Kewarganegaraan', 'Warga Negara'), get('kewarganegaraan')],
    [label('Berlaku Hingga', 'Berlaku hingga', 'Berlaku s/d'), get('berlaku_hingga')],
  ];
  const count = rows.reduce((sum, row) => sum + row.length - 1, 0);
  const pitch = Math.min(height * random.between(0.043, 0.052), (height * 0.6) / (count - 1));
  const indent = width * random.pick([0, 0.015, 0.03, 0.04]);
  let y = y0 + height * random.between(0.055, 0.075);
  const bloodX = width * random.between(0.46, 0.56);
  const bloodLabel = label('Gol. Darah', 'Gol Darah', 'Gol.Darah', 'Gol. Drh');
  const bloodColon = random.pick([' : ', ':', ' :', ': ']);
  for (const [index, [name, ...values]] of rows.entries()) {
    const x = labelX + (index >= 4 && index <= 6 ? indent : 0);
    const end = x + text(name, x, y, labelWeight) + size * 0.2;
    text(':', Math.max(colonX, end), y, valueWeight);
    if (index === 2) text(`${bloodLabel}${bloodColon}${get('gol_darah')}`, bloodX, y, labelWeight);
    for (const value of values) {
      const room = width * 0.7 - valueX;
      context.font = `${valueWeight} ${size}px "${family}"`;
      const squeeze = Math.min(1, room / context.measureText(value).width);
      context.save();
      context.translate(Math.max(valueX, end + size * 0.4), y);
      context.scale(squeeze, 1);
      context.fillText(value, 0, 0);
      context.restore();
      y += pitch;
    }
  }
  context.fillStyle = '#b03030';
  context.fillRect(width * 0.73, height * 0.27, width * 0.22, height * 0.45);
  context.fillStyle = '#111';
  context.textAlign = 'center';
  const issueY = height * random.between(0.79, 0.84);
  const gap = size * random.between(1, 1.2);
  text(
    get('tempat_terbit'),
    width * 0.84,
    issueY,
    valueWeight,
    Math.min(0.9, (22 * 0.75) / Math.max(1, get('tempat_terbit').length)),
  );
  text(get('tgl_terbit').replaceAll('-', separator), width * 0.84, issueY + gap, valueWeight, 0.85);
}

/** Long values break at a blank. */
function wrap(value: string, random: Random): [string, ...string[]] {
  const limit = random.integer(22, 34);
  if (value.length <= limit) return [value];
  const cut = value.lastIndexOf(' ', limit);
  return cut <= 0 ? [value] : [value.slice(0, cut), value.slice(cut + 1)];
}
