import type { ModelTokenizer } from './tokenizer.ts';

/** The four first bytes of a character after which not every second byte makes one (RFC 3629). */
const SECOND_BYTES: ReadonlyMap<number, readonly [from: number, to: number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

/**
 * Tokens that keep an answer well-formed text without control characters: xgrammar lets both pass in a string of
 * limited length, and then the JSON is none, or longer than its schema allows. Bit i % 32 of word i / 32 is token i.
 */
export class TextMasks {
  readonly #tokenizer: ModelTokenizer;
  readonly #vocabularySize: number;
  readonly #anywhere: Int32Array;
  readonly #after = new Map<number, Int32Array>();

  constructor(tokenizer: ModelTokenizer, vocabularySize: number) {
    this.#tokenizer = tokenizer;
    this.#vocabularySize = vocabularySize;
    this.#anywhere = this.#mask((bytes) => isTextPart(bytes));
    for (const [first, [from, to]] of SECOND_BYTES) {
      const mask = this.#mask((bytes) => (bytes[0] ?? 0) >= from && (bytes[0] ?? 0) <= to && isTextPart(bytes));
      this.#after.set(first, mask);
    }
  }

  /** What may come behind a token; null: at the start. */
  behind(id: number | null): Int32Array {
    const last = id === null ? undefined : this.#tokenizer.bytesOf(id)?.at(-1);
    return (last === undefined ? undefined : this.#after.get(last)) ?? this.#anywhere;
  }

  #mask(fits: (bytes: Uint8Array) => boolean): Int32Array {
    const bits = new Int32Array(Math.ceil(this.#vocabularySize / 32)).fill(-1);
    for (let id = 0; id < this.#vocabularySize; id++) {
      const bytes = this.#tokenizer.bytesOf(id);
      if (bytes && !fits(bytes)) bits[id >> 5] = (bits[id >> 5] ?? 0) & ~(1 << (id & 31));
    }
    return bits;
  }
}

/** Whether no byte or pair of bytes is one that no text has. */
function isTextPart(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => {
    if (byte < 0x20 || byte === 0xc0 || byte === 0xc1 || byte > 0xf4) return false;
    const range = SECOND_BYTES.get(bytes[index - 1] ?? 0);
    return !range || (byte >= range[0] && byte <= range[1]);
  });
}
