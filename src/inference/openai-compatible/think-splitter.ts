const OPEN = '<think>';
const CLOSE = '</think>';

export interface TextSegment {
  readonly kind: 'content' | 'reasoning';
  readonly text: string;
}

/**
 * Tells the reasoning of a thinking model from its answer where the server leaves `<think>` in the text. Tags may be
 * split over any number of chunks; what could be the beginning of a tag is held back until it is known. Only a block
 * at the very start of the answer counts: a later `<think>` is text about tags.
 */
export class ThinkSplitter {
  #state: 'start' | 'thinking' | 'between' | 'answering';
  #held = '';
  #atFirstReasoning = true;

  /** @param opened the prompt already ends in `<think>`, so that the text begins inside of the block. */
  constructor({ opened = false }: { opened?: boolean } = {}) {
    this.#state = opened ? 'thinking' : 'start';
  }

  /** Inside of the block: its end has not come. */
  get isThinking(): boolean {
    return this.#state === 'thinking';
  }

  push(text: string): TextSegment[] {
    this.#held += text;
    const segments: TextSegment[] = [];
    for (;;) {
      const before = this.#state;
      const segment = this.#step();
      if (segment && segment.text !== '') segments.push(segment);
      if (this.#state === before) return segments;
    }
  }

  /** What was held back, once no more text comes. */
  end(): TextSegment[] {
    const text = this.#held;
    this.#held = '';
    if (text === '' || this.#state === 'between') return [];
    return [{ kind: this.#state === 'thinking' ? 'reasoning' : 'content', text }];
  }

  #step(): TextSegment | null {
    switch (this.#state) {
      case 'start': {
        const text = this.#held.trimStart();
        if (text.startsWith(OPEN)) {
          this.#held = text.slice(OPEN.length);
          this.#state = 'thinking';
        } else if (!OPEN.startsWith(text)) {
          this.#state = 'answering';
        }
        return null;
      }
      case 'thinking': {
        if (this.#atFirstReasoning) {
          if (this.#held === '') return null;
          if (this.#held.startsWith('\n')) this.#held = this.#held.slice(1);
          this.#atFirstReasoning = false;
        }
        const end = this.#held.indexOf(CLOSE);
        if (end >= 0) {
          const text = this.#held.slice(0, end);
          this.#held = this.#held.slice(end + CLOSE.length);
          this.#state = 'between';
          return { kind: 'reasoning', text };
        }
        return { kind: 'reasoning', text: this.#release(this.#held.length - partialLength(this.#held, CLOSE)) };
      }
      case 'between': {
        this.#held = this.#held.trimStart();
        if (this.#held !== '') this.#state = 'answering';
        return null;
      }
      case 'answering':
        return { kind: 'content', text: this.#release(this.#held.length) };
    }
  }

  #release(length: number): string {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text;
  }
}

/** Length of the longest end of `text` that `tag` begins with. */
function partialLength(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
