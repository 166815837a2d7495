import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeDataUrl } from '../../../src/media/data-url.ts';

const CAP = 1024 * 1024;

describe('decodeDataUrl', () => {
  it('gives back any bytes, base64 or percent-encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decodeDataUrl(`data:image/png;base64,${buffer.toString('base64')}`, CAP)).toEqual(buffer);
        expect(decodeBase64(buffer.toString('base64url'), CAP)).toEqual(buffer);
        const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
        expect(decodeDataUrl(`data:application/octet-stream,${percent}`, CAP)).toEqual(buffer);
      }),
    );
  });

  it('takes what clients make of it: parameters, capitals, line breaks, escaped padding', () => {
    const expected = Buffer.from('hello?>');
    for (const url of [
      'data:image/jpeg;name=a.jpg;base64,aGVsbG8/Pg==',
      'DATA:image/jpeg;BASE64,aGVsbG8/Pg==',
      'data:;base64,aGVs\r\nbG8/Pg==',
      'data:image/jpeg;base64,aGVsbG8%2FPg%3D%3D',
      'data:image/jpeg;base64,aGVsbG8/Pg',
    ]) {
      expect(decodeDataUrl(url, CAP), url).toEqual(expected);
    }
  });

  it.each([
    'data:image/png;base64',
    'data:image/png;base64,a',
    'data:image/png;base64,$$$$',
    'data:image/png;base64,=A==',
  ])('refuses %s', (url) => {
    expect(() => decodeDataUrl(url, CAP)).toThrow(expect.objectContaining({ code: 'invalid_image' }));
  });

  it('refuses what is too large before it decodes it', () => {
    const large = 'A'.repeat(3 * CAP);
    for (const url of [`data:;base64,${large}`, `data:,${large}${large}`, `data:,${large.slice(0, CAP + 1)}`]) {
      expect(() => decodeDataUrl(url, CAP)).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
    }
  });
});
