import { describe, expect, it } from 'vitest';
import { compatibleCardJsonSchema, ktpResultJsonSchema } from '../../../src/ktp/json-schema.ts';
import { FIELD_NAMES } from '../../../src/ktp/schema.ts';

describe('JSON schemas', () => {
  it('requires every field of the full shape', () => {
    const schema = JSON.parse(JSON.stringify(ktpResultJsonSchema()));
    expect(schema.properties.fields.required).toEqual([...FIELD_NAMES]);
    expect(schema.required).toEqual(['document', 'fields', 'compat', 'checks', 'quality', 'engine']);
  });

  it('describes the compatible shape with its nested address', () => {
    const schema = JSON.parse(JSON.stringify(compatibleCardJsonSchema()));
    expect(schema.properties.alamat.required).toEqual(['name', 'rt_rw', 'kel_desa', 'kecamatan']);
  });
});
