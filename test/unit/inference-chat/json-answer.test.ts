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
const check = await compileSchema(PERSON);

describe('readJsonAnswer', () => {
  it('lets a valid answer pass as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.constantFrom(0, 2), async (name, indent) => {
        const text = JSON.stringify({ name }, null, indent);
        expect(await readJsonAnswer(text, check)).toEqual({ kind: 'valid', text, repaired: false });
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
  ])('repairs %s', async (_name, text) => {
    const answer = await readJsonAnswer(text, check);
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
  ])('says what is wrong with %s', async (text, problem) => {
    expect(await readJsonAnswer(text, check)).toEqual({ kind: 'invalid', problem });
  });
});

const fits = async (schema: Record<string, unknown>, value: unknown) =>
  (await (await compileSchema(schema))(value)) === null;

describe('compileSchema', () => {
  it('takes schemas of any dialect, with references inside', async () => {
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
      const check = await compileSchema({ $schema, $defs: { a: { type: 'integer' } }, $ref: '#/$defs/a' });
      expect(await check(1)).toBeNull();
      expect(await check('1')).toBe('the value must be integer');
    }
    expect(await fits({}, 'anything')).toBe(true);
  });

  it.each([
    [
      'a tuple of draft 7 (zod-to-json-schema)',
      {
        definitions: { a: { type: 'integer' } },
        items: [{ $ref: '#/definitions/a' }, { type: 'string' }],
        additionalItems: false,
      },
      [1, 'x'],
      [1, 'x', 2],
    ],
    ['a flag of draft 4 (Swagger 2)', { type: 'number', minimum: 0, exclusiveMinimum: true }, 1, 0],
    ['a flag of draft 4 that is off', { type: 'number', minimum: 0, exclusiveMinimum: false }, 0, -1],
    ['an id of draft 4', { id: 'http://example.org/a', type: 'integer' }, 1, 'a'],
    ['required of draft 3', { properties: { id: { type: 'integer', required: true } } }, { id: 1 }, { id: 'a' }],
    ['nullable of OpenAPI 3.0', { type: 'string', nullable: true, enum: ['a'] }, null, 'b'],
    ["Gemini's types", { type: 'OBJECT', properties: { a: { type: 'STRING' } } }, { a: 'x' }, { a: 1 }],
    ["Python's groups and ends", { type: 'string', pattern: '^(?P<y>\\d{4})\\Z' }, '1990', '199x'],
    ['escapes that JavaScript does not know', { type: 'string', pattern: '^[\\-a]+$' }, '-a', 'b'],
    ['a pattern that nobody knows', { type: 'string', pattern: '(?(1)a|b)(' }, 'anything', 1],
    [
      'a property of the name of a keyword',
      { properties: { items: { type: 'integer' }, nullable: { type: 'boolean' } } },
      { items: 1 },
      { nullable: 1 },
    ],
  ])('checks %s', async (_name, schema, good, bad) => {
    expect(await fits(schema, good)).toBe(true);
    expect(await fits(schema, bad)).toBe(false);
  });

  it.each([
    ['a type that does not exist', { type: 'person' }],
    ['a reference to the outside', { $ref: 'http://127.0.0.1/schema.json' }],
    ['an asynchronous one', { $async: true }],
    ['one without end', { enum: ['a'.repeat(300_000)] }],
  ])('refuses %s', async (_name, schema) => {
    await expect(compileSchema(schema)).rejects.toThrow(/response_format\.json_schema\.schema/);
  });

  it.each<[string, Record<string, unknown>, unknown, unknown]>([
    ['nulls for what is not set', { type: 'string', format: null, pattern: null, minLength: null, enum: null }, 'a', 1],
    [
      'nulls in the place of schemas',
      { properties: { a: null }, required: ['a'], additionalProperties: null },
      { a: 1 },
      {},
    ],
    ['empty lists of PHP', { properties: [], items: [], type: 'object' }, {}, 1],
    [
      'names of types in Python',
      { properties: { a: { type: 'int' }, b: { type: ['str', 'none'] } } },
      { a: 1, b: null },
      { a: 'x' },
    ],
    ['a name twice', { required: ['a', 'a'] }, { a: 1 }, {}],
    [
      'descriptions of any type',
      { title: 5, $comment: {}, examples: { a: 1 }, deprecated: 'no', type: 'integer' },
      1,
      'a',
    ],
    ['a reference that may be null', { nullable: true, $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, null, 1],
    ['steps of a cent', { multipleOf: 0.01 }, 0.07, 0.075],
    ['flags before a pattern', { pattern: '(?i)^abc$' }, 'ABC', 'x'],
    ['classes of POSIX', { pattern: '^[[:alpha:]_]{,3}$' }, 'ab', 'a1'],
    ['text that is quoted', { pattern: '^\\Qa.b\\E$' }, 'a.b', undefined],
    ['lists of nothing', { anyOf: [], allOf: [], oneOf: [], enum: [], type: 'integer' }, 1, 'a'],
    ['an enum that is no list', { enum: { A: 'a' }, type: 'string' }, 'b', 1],
    ['a count in a text', { minLength: '2', maxLength: -1 }, 'ab', 'a'],
    ['a step of nothing', { multipleOf: 0, type: 'number' }, 1, 'a'],
    ['limits that point elsewhere', { type: 'number', minimum: { $data: '1/low' } }, 1, 'a'],
    ['an anchor with a blank', { $anchor: 'a card', type: 'integer' }, 1, 'a'],
    ['no type as a text or a list', { properties: { a: { type: '' }, b: { type: [] } }, type: 'object' }, { a: 1 }, 1],
    [
      'names of types in Swagger and databases',
      { properties: { a: { type: 'file' }, b: { type: 'decimal' } } },
      { a: 'x', b: 1.5 },
      { b: 'x' },
    ],
    [
      'properties that every object inherits',
      { properties: { constructor: { type: 'string' }, toString: { type: 'string' } }, type: 'object' },
      {},
      { toString: 1 },
    ],
    ['an older name of itself', { $id: '#card', $recursiveAnchor: true, type: 'object' }, {}, 1],
  ])('takes %s', async (_name, schema, good, bad) => {
    expect(await fits(schema, good)).toBe(true);
    if (bad !== undefined) expect(await fits(schema, bad)).toBe(false);
  });

  it('is not held up by a pattern without end, and holds up nobody else', async () => {
    const slow = await compileSchema({ type: 'string', pattern: '^(a+)+$' });
    let turns = 0;
    const others = setInterval(() => turns++, 10);
    await expect(slow(`${'a'.repeat(40)}b`)).rejects.toThrow(/takes too long/);
    clearInterval(others);
    expect(turns).toBeGreaterThan(50);
    expect(await slow('aaa')).toBeNull();
  });
});
