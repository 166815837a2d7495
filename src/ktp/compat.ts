import type { FieldName } from './field-names.ts';
import { asPrinted } from './rules/dates.ts';
import type { CompatibleCard, Field } from './schema.ts';

/** The compatible shape of POST /ktp-ocr/: all strings, empty where a field could not be read, dates DD-MM-YYYY. */
export function toCompatibleCard(fields: Readonly<Record<FieldName, Field>>): CompatibleCard {
  const text = (name: FieldName): string => asPrinted(fields[name].value ?? '');
  const rt = text('rt');
  const rw = text('rw');
  return {
    nik: text('nik'),
    nama: text('nama'),
    tempat_lahir: text('tempat_lahir'),
    tgl_lahir: text('tgl_lahir'),
    jenis_kelamin: text('jenis_kelamin'),
    gol_darah: text('gol_darah'),
    alamat: {
      name: text('alamat'),
      rt_rw: rt === '' && rw === '' ? '' : `${rt}/${rw}`,
      kel_desa: text('kel_desa'),
      kecamatan: text('kecamatan'),
    },
    agama: text('agama'),
    status_perkawinan: text('status_perkawinan'),
    pekerjaan: text('pekerjaan'),
    kewarganegaraan: text('kewarganegaraan'),
    berlaku_hingga: text('berlaku_hingga'),
    provinsi: text('provinsi'),
    kabupaten_kota: text('kabupaten_kota'),
  };
}
