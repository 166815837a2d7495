import { EngineFault } from '../engine-fault.ts';

/**
 * An answer that comes as JSON: one object, over any number of lines, an object a line as it is generated, or a list of
 * all the objects.
 */
export class JsonBody {
  readonly #maxCharacters: number;
  #text = '';
  #isByLine: boolean | null = null;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** Objects that are whole. @throws EngineFault for one that is too large */
  push(text: string): string[] {
    this.#text += text;
    const lines: string[] = [];
    while (this.#isByLine !== false) {
      const end = this.#text.indexOf('\n');
      if (end < 0) break;
      const line = this.#text.slice(0, end);
      // The first line tells.
      if (this.#isByLine === null && line.trim() !== '') this.#isByLine = isJson(line);
      if (this.#isByLine === false) break;
      this.#text = this.#text.slice(end + 1);
      if (line.trim() !== '') lines.push(...entriesOf(line));
    }
    if (this.#text.length > this.#maxCharacters) {
      throw new EngineFault('The model server sent an answer that is too large.');
    }
    return lines;
  }

  /** What is left, once no more comes. */
  end(): string[] {
    return this.#text.trim() === '' ? [] : entriesOf(this.#text);
  }
}

/** The objects of a list, or what it is as it stands. */
function entriesOf(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return [text];
  try {
    return (JSON.parse(text) as unknown[]).map((entry) => JSON.stringify(entry));
  } catch {
    return [text];
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
