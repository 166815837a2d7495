/** How a block begins and ends; the first is that of nearly all models. */
const TAGS = [
  ['<think>', '</think>'],
  ['<thinking>', '</thinking>'],
  // Magistral, Kimi and Seed.
  ['[THINK]', '[/THINK]'],
  ['◁think▷', '◁/think▷'],
  ['<seed:think>', '</seed:think>'],
] as const;

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
  #close: string = TAGS[0][1];
  readonly #isOpened: boolean;
  #atFirstReasoning = true;

  /** @param opened the prompt already ends in `<think>`, so that the text begins inside of the block. */
  constructor({ opened = false }: { opened?: boolean } = {}) {
    this.#isOpened = opened;
    this.#state = 'start';
  }

  /** Inside of the block: its end has not come. */
  get isThinking(): boolean {
    return this.#state === 'thinking' || (this.#state === 'start' && this.#isOpened);
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
    return [{ kind: this.isThinking ? 'reasoning' : 'content', text }];
  }

  #step(): TextSegment | null {
    switch (this.#state) {
      case 'start': {
        const text = this.#held.trimStart();
        const tag = TAGS.find(([open]) => text.startsWith(open));
        if (tag) {
          this.#held = text.slice(tag[0].length);
          this.#close = tag[1];
          this.#state = 'thinking';
        } else if (!TAGS.some(([open]) => open.startsWith(text))) {
          this.#state = this.#isOpened ? 'thinking' : 'answering';
        }
        return null;
      }
      case 'thinking': {
        if (this.#atFirstReasoning) {
          if (this.#held === '') return null;
          if (this.#held.startsWith('\n')) this.#held = this.#held.slice(1);
          this.#atFirstReasoning = false;
        }
        const end = this.#held.indexOf(this.#close);
        if (end >= 0) {
          const text = this.#held.slice(0, end);
          this.#held = this.#held.slice(end + this.#close.length);
          this.#state = 'between';
          return { kind: 'reasoning', text };
        }
        return { kind: 'reasoning', text: this.#release(this.#held.length - partialLength(this.#held, this.#close)) };
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
