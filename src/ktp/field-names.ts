/** Names of the fields of the full shape, in the order in which the card prints them. */
export const FIELD_NAMES = [
  'provinsi',
  'kabupaten_kota',
  'nik',
  'nama',
  'tempat_lahir',
  'tgl_lahir',
  'jenis_kelamin',
  'gol_darah',
  'alamat',
  'rt',
  'rw',
  'kel_desa',
  'kecamatan',
  'agama',
  'status_perkawinan',
  'pekerjaan',
  'kewarganegaraan',
  'berlaku_hingga',
  'tempat_terbit',
  'tgl_terbit',
] as const;

export type FieldName = (typeof FIELD_NAMES)[number];
