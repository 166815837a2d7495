import { z } from 'zod';
import { compatibleCardSchema, ktpResultSchema } from './schema.ts';

type JsonSchema = ReturnType<typeof z.toJSONSchema>;

/** JSON Schema (2020-12) of the full result, as published at /schemas/ktp.json. */
export function ktpResultJsonSchema(): JsonSchema {
  return { ...z.toJSONSchema(ktpResultSchema, { reused: 'ref' }), title: 'ktp' };
}

/** JSON Schema (2020-12) of the compatible shape that POST /ktp-ocr/ answers. */
export function compatibleCardJsonSchema(): JsonSchema {
  return { ...z.toJSONSchema(compatibleCardSchema), title: 'ktp_compatible' };
}
