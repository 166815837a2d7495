import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLine, parseLine, splitLines } from '../../../src/chat/batch-lines.ts';

const ENDPOINT = '/v1/chat/completions';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

async function split(text: string, sizes: readonly number[] = [], maxBytes = 1_000_000) {
  const lines = [];
  for await (const line of splitLines(cut(Buffer.from(text), sizes), { maxBytes })) lines.push(line);
  return lines;
}

const textOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());
const request = (changes: object = {}) => ({
  custom_id: 'a',
  method: 'POST',
  url: ENDPOINT,
  body: { model: 'm' },
  ...changes,
});
const check = (value: unknown, seen = new Set<string>()) =>
  checkLine(
    { line: 7, position: 0, length: 1, bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) },
    ENDPOINT,
    seen,
  );

describe('splitLines', () => {
  it('finds the lines of any file, however its parts are cut', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\r', '\n', '"') });
    await fc.assert(
      fc.asyncProperty(line, fc.array(fc.nat({ max: 5 })), async (text, sizes) => {
        const expected = text
          .split('\n')
          .map((found, index) => ({ line: index + 1, text: found }))
          .filter((found) => found.text.replaceAll(/[ \r]/g, '') !== '');
        const found = await split(text, sizes);
        expect(found.map(({ bytes, line }) => ({ line, text: textOf(bytes) }))).toEqual(expected);
        const whole = Buffer.from(text);
        for (const { bytes, length, position } of found) {
          expect(whole.subarray(position, position + length)).toEqual(Buffer.from(bytes ?? ''));
        }
      }),
    );
  });

  it('says that a line is too long without keeping it, and goes on behind it', async () => {
    const found = await split(`ab\n${'x'.repeat(50)}\ncd`, [10, 10, 10], 20);
    expect(found.map(({ bytes, line }) => [line, textOf(bytes)])).toEqual([
      [1, 'ab'],
      [2, null],
      [3, 'cd'],
    ]);
  });
});

describe('checkLine', () => {
  it('takes a request of the batch, also with a byte order mark, a carriage return and unknown fields', () => {
    expect(check(request({ more: 1 }))).toEqual({ customId: 'a' });
    expect(check(`\uFEFF${JSON.stringify(request())}\r`)).toEqual({ customId: 'a' });
  });

  it.each([
    ['{', 'invalid_json_line', null],
    ['[]', 'invalid_json_line', null],
    ['null', 'invalid_json_line', null],
    [request({ custom_id: undefined }), 'missing_required_parameter', 'custom_id'],
    [request({ body: null }), 'missing_required_parameter', 'body'],
    [request({ custom_id: '' }), 'invalid_custom_id', 'custom_id'],
    [request({ custom_id: 5 }), 'invalid_custom_id', 'custom_id'],
    [request({ method: 'GET' }), 'invalid_method', 'method'],
    [request({ url: '/v1/embeddings' }), 'mismatched_endpoint', 'url'],
    [request({ body: [] }), 'invalid_body', 'body'],
    [request({ body: 'text' }), 'invalid_body', 'body'],
  ])('refuses %j with %s and its line', (value, code, param) => {
    expect(check(value)).toEqual({ error: { code, param, line: 7, message: expect.any(String) } });
  });

  it('refuses bytes that are no UTF-8, a line that is too long, and a custom_id that came before', () => {
    const bytes = Buffer.concat([Buffer.from('{"custom_id":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(parseLine(bytes)).toBeUndefined();
    const long = checkLine({ line: 1, position: 0, length: 9, bytes: null }, ENDPOINT, new Set());
    expect(long).toMatchObject({ error: { code: 'line_too_long' } });
    const seen = new Set<string>();
    expect(check(request(), seen)).toEqual({ customId: 'a' });
    expect(check(request(), seen)).toMatchObject({ error: { code: 'duplicate_custom_id', param: 'custom_id' } });
  });

  it('never quotes the file', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const secret = 'S3CRET-0000';
        const checked = check(JSON.stringify({ custom_id: secret, method: secret, url: secret, body: value }));
        expect(JSON.stringify('error' in checked ? checked.error : '')).not.toContain(secret);
      }),
    );
  });
});
