/** Codes in a field's `warnings`: stable, what callers may act on. */
export type Warning =
  /** Characters that look alike, separators or blanks were folded to the field's form. */
  | 'normalised'
  /** The nearest allowed value or region was taken for a misread one. */
  | 'snapped'
  /** Only a part could be read; it is a part of one allowed value alone. */
  | 'completed'
  /** Not among the allowed values or regions; kept as read. */
  | 'not_in_list'
  /** Something was read, but too little to tell the value. */
  | 'incomplete'
  /** Not of the field's form: a NIK without 16 digits, a date that is none. */
  | 'malformed'
  /** A NIK of 16 digits with an impossible date or an unknown province. */
  | 'implausible'
  /** NIK, date of birth and sex contradict each other, and nothing tells which is wrong. */
  | 'conflict'
  /** A stretch of the value seems to be missing. */
  | 'gap'
  /** The value ends at the picture's edge, a burnt-out spot or a cover; without a value: remains of it were seen. */
  | 'cut'
  /** Digits were changed so that all rules of the NIK hold, or a leading zero of RT or RW was restored. */
  | 'repaired'
  /** Digits were changed to what another field tells. */
  | 'repaired_from_nik'
  | 'repaired_from_tgl_lahir'
  | 'repaired_from_kecamatan'
  /** Not read at all: told by another field, by a rule of docs/ktp-domain.md. */
  | 'derived_from_nik'
  | 'derived_from_kabupaten_kota'
  | 'derived_from_kecamatan'
  | 'derived_from_kel_desa'
  /** No blood group behind its label: cards print "-" there, a stroke that is easily overlooked. */
  | 'derived_from_blank';
