import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixContinuation } from '../../../src/inference/openai-compatible/prefix-continuation.ts';

function join(prefix: string, chunks: readonly string[]): string {
  const continuation = new PrefixContinuation(prefix);
  return prefix + chunks.map((chunk) => continuation.push(chunk)).join('') + continuation.end();
}

const words = fc.array(fc.constantFrom('satu', 'dua', ' ', '\n', 'tiga', ',', '0'), { minLength: 1, maxLength: 20 });

describe('PrefixContinuation', () => {
  it('never sends blanks at the end of the prefix', () => {
    expect(new PrefixContinuation('Halo \n').sent).toBe('Halo');
    expect(new PrefixContinuation(' \n').sent).toBe('');
  });

  it('joins what a server generates after the prefix that was sent, at every cut', () => {
    fc.assert(
      fc.property(words, fc.nat(), fc.integer({ min: 1, max: 5 }), (parts, point, size) => {
        const text = parts.join('');
        const cut = point % (text.length + 1);
        const prefix = text.slice(0, cut);
        const rest = text.slice(prefix.trimEnd().length);
        // A continuation that repeats the prefix letter by letter cannot be told from an echo.
        fc.pre(!(rest.startsWith(prefix.trimEnd()) && prefix.trimEnd().length >= 4));
        expect(join(prefix, rest.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])).toBe(text);
      }),
    );
  });

  it('does not double a blank that the prefix begins and ends with', () => {
    expect(join(' satu ', [' '])).toBe(' satu ');
    expect(join(' satu ', [' ', 'dua'])).toBe(' satu dua');
  });

  it('drops the prefix where a server repeats it, however it is cut', () => {
    expect(join('Selamat pagi', ['Sela', 'mat pagi', ', dunia'])).toBe('Selamat pagi, dunia');
    expect(join('Selamat pagi ', ['Selamat pagi', ' dunia'])).toBe('Selamat pagi dunia');
  });

  it('keeps an answer that begins like the prefix but goes another way', () => {
    expect(join('Selamat pagi', ['Sela', 'lu'])).toBe('Selamat pagiSelalu');
    expect(join('Selamat pagi', ['Sela'])).toBe('Selamat pagiSela');
  });

  it('does not take a repeated digit for an echo', () => {
    expect(join('0', ['0', '0', '1'])).toBe('0001');
  });
});
