import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonAnswer } from '../../../src/inference/chat/json-answer.ts';
import { compileSchema } from '../../../src/inference/chat/json-schema.ts';

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    born: { type: 'string', format: 'date' },
    sex: { enum: ['L', 'P'] },
  },
  required: ['name'],
  additionalProperties: false,
};
const check = compileSchema(PERSON);

describe('readJsonAnswer', () => {
  it('lets a valid answer pass as it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom(0, 2), (name, indent) => {
        const text = JSON.stringify({ name }, null, indent);
        expect(readJsonAnswer(text, check)).toEqual({ kind: 'valid', text, repaired: false });
      }),
    );
  });

  it.each([
    ['a code fence', '```json\n{"name": "Siti"}\n```'],
    ['words around it', 'Here is the answer: {"name": "Siti"} I hope it helps.'],
    ['single quotes', "{'name': 'Siti'}"],
    ['a trailing comma', '{"name": "Siti",}'],
    ['bare keys', '{name: "Siti"}'],
    ['comments', '{"name": "Siti" /* her name */}'],
  ])('repairs %s', (_name, text) => {
    const answer = readJsonAnswer(text, check);
    expect(answer).toMatchObject({ kind: 'valid', repaired: true });
    expect(JSON.parse(answer.kind === 'valid' ? answer.text : '')).toEqual({ name: 'Siti' });
  });

  it.each([
    ['{"name": ""}', '/name must NOT have fewer than 1 characters'],
    ['{}', "the value must have required property 'name'"],
    ['{"name": "Siti", "born": "31-12-1990"}', '/born must match format "date"'],
    ['{"name": "Siti", "sex": "X"}', '/sex must be equal to one of the allowed values (["L","P"])'],
    ['I do not know.', 'it is not JSON'],
    ['', 'it is not JSON'],
  ])('says what is wrong with %s', (text, problem) => {
    expect(readJsonAnswer(text, check)).toEqual({ kind: 'invalid', problem });
  });
});

describe('compileSchema', () => {
  it('takes schemas of any dialect, with references inside', () => {
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
      const schema = { $schema, $defs: { a: { type: 'integer' } }, $ref: '#/$defs/a' };
      expect(compileSchema(schema)(1)).toBeNull();
      expect(compileSchema(schema)('1')).toBe('the value must be integer');
    }
    expect(compileSchema({})('anything')).toBeNull();
  });

  it.each([
    ['a type that does not exist', { type: 'person' }],
    ['a reference to the outside', { $ref: 'http://127.0.0.1/schema.json' }],
    ['an asynchronous one', { $async: true }],
    ['a pattern that is none', { pattern: '(' }],
    ['one without end', { enum: ['a'.repeat(300_000)] }],
  ])('refuses %s', (_name, schema) => {
    expect(() => compileSchema(schema)).toThrow(/response_format\.json_schema\.schema/);
  });

  it('is not held up by a pattern without end', () => {
    const slow = compileSchema({ type: 'string', pattern: '^(a+)+$' });
    const begun = Date.now();
    expect(() => slow(`${'a'.repeat(40)}b`)).toThrow(/takes too long/);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(slow('aaa')).toBeNull();
  });
});
