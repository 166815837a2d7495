import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int()) }),
  added_tokens: z.array(z.looseObject({ id: z.number().int(), content: z.string(), special: z.boolean() })).default([]),
});

/**
 * Marks where a text must not be read across: put into the callers' own words wherever they look like one of the
 * model's control tokens, so that nobody can end a turn or fake a picture from inside of a message.
 */
const CUT = '\uE000';

/** A model's own tokenizer, from its tokenizer.json: byte-level, without any access to a network. */
export class ModelTokenizer {
  /** One more than the largest id. */
  readonly size: number;
  /** By id, as tokenizer.json writes it; empty where there is none. */
  readonly names: readonly string[];
  readonly #tokenizer: Tokenizer;
  readonly #bytes: (Uint8Array | undefined)[] = [];
  readonly #idOf: ReadonlyMap<string, number>;
  readonly #controlTokens: RegExp | null;

  /** @throws Error where these are not the files of a byte-level tokenizer */
  constructor(tokenizerJson: unknown, tokenizerConfig: unknown) {
    const { model, added_tokens: added } = tokenizerSchema.parse(tokenizerJson);
    this.#tokenizer = new Tokenizer(tokenizerJson as object, tokenizerConfig as object);
    const names: string[] = [];
    const idOf = new Map<string, number>();
    const byteOf = bytesByCharacter();
    for (const [name, id] of Object.entries(model.vocab)) {
      names[id] = name;
      idOf.set(name, id);
      this.#bytes[id] = Uint8Array.from(name, (character) => byteOf.get(character) ?? 0);
    }
    for (const { id, content, special } of added) {
      names[id] = content;
      idOf.set(content, id);
      this.#bytes[id] = special ? undefined : Buffer.from(content);
    }
    this.size = names.length;
    this.names = Array.from(names, (name) => name ?? '');
    this.#idOf = idOf;
    this.#controlTokens =
      added.length === 0 ? null : new RegExp(added.map(({ content }) => escapeForPattern(content)).join('|'), 'g');
  }

  /** Id of a token as it is written; undefined where there is none. */
  idOf(token: string): number | undefined {
    return this.#idOf.get(token);
  }

  /** What a token says; undefined for control tokens, and for ids that only pad the table. */
  bytesOf(id: number): Uint8Array | undefined {
    return this.#bytes[id];
  }

  /** A caller's text, to be put into a prompt: its words stay words. */
  quote(text: string): string {
    const clean = text.replaceAll(CUT, '');
    if (!this.#controlTokens) return clean;
    return clean.replace(this.#controlTokens, (token) => `${token.slice(0, 1)}${CUT}${token.slice(1)}`);
  }

  /** Ids of a text in which control tokens count, except inside of what was quoted. */
  encode(text: string): number[] {
    return text.split(CUT).flatMap((part) => (part === '' ? [] : this.#encodePart(part)));
  }

  #encodePart(text: string): number[] {
    return [...this.#tokenizer.encode(text, { add_special_tokens: false }).ids];
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** GPT-2's alphabet: bytes that cannot be printed are written as characters from U+0100 on. */
function bytesByCharacter(): Map<string, number> {
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    map.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return map;
}
