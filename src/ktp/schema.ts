import { z } from 'zod';
import { FIELD_NAMES, type FieldName } from './field-names.ts';

/** Left, top, right, bottom in 0-1 of the upright image. */
const boxSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** Another value that the picture may show. */
export const alternativeSchema = z.object({
  value: z.string(),
  confidence: z.number().min(0).max(1).describe('With that of `value` and the other alternatives at most 1.'),
});
export type Alternative = z.infer<typeof alternativeSchema>;

/** One printed character of a NIK or a date. */
export const characterSchema = z.object({
  text: z.string(),
  confidence: z.number().min(0).max(1).describe('Of this character, as the recogniser gave it.'),
  box: boxSchema,
});
export type Character = z.infer<typeof characterSchema>;

const READ_SOURCES = ['ocr', 'vlm', 'both', 'derived'] as const;

export const fieldSchema = z.object({
  value: z.string().nullable().describe('Normalised value; null where it could not be read. Dates are ISO 8601.'),
  raw: z.string().nullable().describe('As printed and read, before normalisation.'),
  confidence: z.number().min(0).max(1).describe('Calibrated probability that `value` is right.'),
  source: z.enum([...READ_SOURCES, 'review']).describe('review: a person has decided.'),
  box: boxSchema.nullable().describe('Left, top, right, bottom in 0-1 of the upright image.'),
  warnings: z.array(z.string()).describe('Stable codes, for example `snapped`, `repaired_from_nik`.'),
  readings: z
    .object({ ocr: z.string().nullable(), vlm: z.string().nullable() })
    .optional()
    .describe('Where OCR and the vision-language model differ: what each has read.'),
  first: z
    .object({
      value: z.string().nullable(),
      confidence: z.number().min(0).max(1),
      source: z.enum(READ_SOURCES),
    })
    .optional()
    .describe('Where a person has decided: what had been read.'),
  alternatives: z
    .array(alternativeSchema)
    .max(3)
    .default([])
    .describe('Up to three other values, the likeliest first; empty where nothing rivals `value`.'),
  characters: z
    .array(characterSchema)
    .optional()
    .describe('Of the NIK and of dates: each printed character with its box, from left to right.'),
});
/** As it is made; parsing fills in what may be left out. */
export type Field = z.input<typeof fieldSchema>;

export const checkSchema = z.object({
  code: z.string(),
  level: z.enum(['error', 'warning', 'info']),
  fields: z.array(z.string()),
  message: z.string().describe('Says which rule failed; never holds a value of the card.'),
});
export type Check = z.infer<typeof checkSchema>;

/** The answer of POST /ktp-ocr/: all strings, empty where a field could not be read. */
export const compatibleCardSchema = z.object({
  nik: z.string(),
  nama: z.string(),
  tempat_lahir: z.string(),
  tgl_lahir: z.string().describe('DD-MM-YYYY'),
  jenis_kelamin: z.string(),
  gol_darah: z.string(),
  alamat: z.object({
    name: z.string(),
    rt_rw: z.string().describe('001/002'),
    kel_desa: z.string(),
    kecamatan: z.string(),
  }),
  agama: z.string(),
  status_perkawinan: z.string(),
  pekerjaan: z.string(),
  kewarganegaraan: z.string(),
  berlaku_hingga: z.string(),
  provinsi: z.string(),
  kabupaten_kota: z.string(),
});
export type CompatibleCard = z.infer<typeof compatibleCardSchema>;

/** Scores are 0-1, higher being more of what the name says; flags are the scores against their thresholds. */
export const qualitySchema = z.object({
  flags: z.array(
    z.enum([
      'blurred',
      'dark',
      'bright',
      'glare',
      'grayscale',
      'cropped',
      'rotated',
      'screen',
      'too_small',
      'multiple_cards',
      'damaged',
      'overlay',
    ]),
  ),
  scores: z.record(z.string(), z.number()),
  /** Fields that lie under a flagged spot such as glare, or under an overlay. */
  affected_fields: z.array(z.string()),
});
export type Quality = z.infer<typeof qualitySchema>;

const fieldShape = Object.fromEntries(FIELD_NAMES.map((name) => [name, fieldSchema])) as Record<
  FieldName,
  typeof fieldSchema
>;

export const ktpResultSchema = z.object({
  document: z.literal('ktp'),
  fields: z.object(fieldShape),
  compat: compatibleCardSchema,
  checks: z.array(checkSchema),
  quality: qualitySchema,
  rotation: z
    .union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)])
    .optional()
    .describe('Degrees clockwise, from the picture as its EXIF says to the upright one, in which the boxes lie.'),
  engine: z.object({
    strategy: z.enum(['ocr', 'vlm', 'hybrid']),
    ocr: z.string().nullable(),
    vlm: z.string().nullable(),
  }),
});
export type KtpResult = z.input<typeof ktpResultSchema>;
/** As callers see it: with every member. */
export type ParsedKtpResult = z.output<typeof ktpResultSchema>;
