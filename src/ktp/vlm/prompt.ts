import type { FieldName } from '../field-names.ts';

const DESCRIPTIONS: Readonly<Record<FieldName, string>> = {
  provinsi: 'first line at the top, without the word PROVINSI',
  kabupaten_kota: 'second line at the top, with KABUPATEN or KOTA',
  nik: 'the 16 digits behind NIK',
  nama: 'Nama',
  tempat_lahir: 'the place in Tempat/Tgl Lahir',
  tgl_lahir: 'the date in Tempat/Tgl Lahir, DD-MM-YYYY',
  jenis_kelamin: 'Jenis Kelamin',
  gol_darah: 'Gol. Darah',
  alamat: 'Alamat, with all of its lines',
  rt: 'the number before the slash in RT/RW',
  rw: 'the number behind the slash in RT/RW',
  kel_desa: 'Kel/Desa',
  kecamatan: 'Kecamatan',
  agama: 'Agama',
  status_perkawinan: 'Status Perkawinan',
  pekerjaan: 'Pekerjaan',
  kewarganegaraan: 'Kewarganegaraan',
  berlaku_hingga: 'Berlaku Hingga',
  tempat_terbit: 'the place under the photo',
  tgl_terbit: 'the date under the photo, DD-MM-YYYY',
};

/**
 * What a model is asked. The text that OCR has read is not told, so that the model cannot repeat its errors.
 * @param parts whether the pictures are parts of the card, in the order of the fields, or one of the whole card.
 */
export function promptFor(names: readonly FieldName[], parts: boolean): string {
  const fields = names.map((name) => `- ${name}: ${DESCRIPTIONS[name]}`).join('\n');
  return [
    parts
      ? 'These are cut-outs of one Indonesian identity card (KTP), one for each field below, in this order.'
      : 'This is an Indonesian identity card (KTP).',
    'Copy these fields exactly as they are printed, letter by letter and digit by digit, without correcting anything. Use null for what you cannot read with certainty.',
    fields,
    'Answer with JSON only.',
  ].join('\n');
}
