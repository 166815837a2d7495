import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A text that must not be found, in one of the forms in which it could have been written. */
interface Needle {
  readonly text: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Shorter ones would be found by chance. */
const SHORTEST_BYTES = 7;

/** The forms in which a program may leave a text behind. */
function formsOf(text: string): Needle[] {
  const bytes = Buffer.from(text);
  const forms: [string, Buffer][] = [
    ['UTF-8', bytes],
    ['lower case', Buffer.from(text.toLowerCase())],
    ['upper case', Buffer.from(text.toUpperCase())],
    ['UTF-16LE', Buffer.from(text, 'utf16le')],
    ['UTF-16BE', Buffer.from(text, 'utf16le').swap16()],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['URL', Buffer.from(encodeURIComponent(text))],
    ['form', Buffer.from(encodeURIComponent(text).replaceAll('%20', '+'))],
  ];
  // What base64 makes of a text depends on where it stands; the edges depend on the neighbours.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(2)]);
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor(((offset + bytes.length) * 8) / 6);
    const base64 = padded.toString('base64').slice(from, to);
    forms.push([`base64+${offset}`, Buffer.from(base64)]);
    forms.push([`base64url+${offset}`, Buffer.from(base64.replaceAll('+', '-').replaceAll('/', '_'))]);
  }
  const different = new Map(
    forms.map(([form, form_bytes]) => [form_bytes.toString('latin1'), { form, bytes: form_bytes }]),
  );
  return [...different.values()]
    .filter((found) => found.bytes.length >= SHORTEST_BYTES)
    .map((found) => ({ text, ...found }));
}

/** A place in a picture's compressed data long enough to stand nowhere else, in the forms of bytes. */
function pictureForms(picture: Buffer, number: number): Needle[] {
  const from = Math.floor(picture.length / 2);
  const bytes = picture.subarray(from, from + 48);
  const text = `picture ${number}`;
  // Without the edges, which depend on where it stands.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(4, 60),
  );
  return [
    { text, form: 'bytes', bytes },
    { text, form: 'hex', bytes: Buffer.from(bytes.toString('hex')) },
    ...base64.map((form_text, offset) => ({ text, form: `base64+${offset}`, bytes: Buffer.from(form_text) })),
  ];
}

/**
 * Finds texts in whatever was left behind; answers where, and in which form. One pass over the bytes looks for the
 * beginnings of all texts at once: hundreds of them, over all files of a database, are seconds otherwise.
 */
export class TraceFinder {
  readonly #names: readonly string[];
  /** Needles by their first four bytes. */
  readonly #beginnings = new Map<number, Needle[]>();
  /** What most places of a file are told apart by: whether any beginning has this hash. */
  readonly #hashes = new Uint8Array(0x10000);

  constructor(texts: Iterable<string>, pictures: readonly Buffer[] = []) {
    this.#names = [...new Set(texts)];
    for (const needle of [...this.#names.flatMap(formsOf), ...pictures.flatMap(pictureForms)]) {
      const beginning = needle.bytes.readInt32BE(0);
      this.#beginnings.set(beginning, [...(this.#beginnings.get(beginning) ?? []), needle]);
      this.#hashes[hashOf(beginning)] = 1;
    }
  }

  inBytes(bytes: Buffer, where: string): string[] {
    const found = new Set<Needle>();
    let beginning = 0;
    for (let end = 0; end < bytes.length; end++) {
      beginning = (beginning << 8) | (bytes[end] ?? 0);
      if (this.#hashes[hashOf(beginning)] === 0) continue;
      for (const needle of this.#beginnings.get(beginning) ?? []) {
        const start = end - 3;
        if (start >= 0 && bytes.subarray(start, start + needle.bytes.length).equals(needle.bytes)) found.add(needle);
      }
    }
    return [...found].map(({ text, form }) => `${where}: text ${this.#names.indexOf(text)} (${text}) as ${form}`);
  }

  /** In the content and the names of all files under a folder. */
  inFolder(folder: string): string[] {
    return filesUnder(folder).flatMap((path) => [
      ...this.inBytes(Buffer.from(path.slice(folder.length)), `name of ${path}`),
      ...this.inBytes(contentOf(path), path),
    ]);
  }
}

export function filesUnder(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

const hashOf = (word: number) => Math.imul(word, 0x9e3779b1) >>> 16;

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    // Gone since it was listed.
    return Buffer.alloc(0);
  }
}
