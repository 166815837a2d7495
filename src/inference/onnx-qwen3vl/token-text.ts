import type { ModelTokenizer } from './tokenizer.ts';

/** Turns tokens into text, only ever whole characters: the bytes of one may lie in several tokens. */
export class TokenText {
  readonly #tokenizer: ModelTokenizer;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokenizer: ModelTokenizer) {
    this.#tokenizer = tokenizer;
  }

  push(id: number): string {
    const bytes = this.#tokenizer.bytesOf(id);
    return bytes ? this.#decoder.decode(bytes, { stream: true }) : '';
  }

  /** What is left of a character that was never finished, as U+FFFD. */
  end(): string {
    return this.#decoder.decode();
  }
}
