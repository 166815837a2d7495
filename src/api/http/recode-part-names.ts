import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { decodeName } from '../../batch/archive/entry-name.ts';

/** A form of busboy, with what it keeps to itself: the parser of parts, which hands out each one before its headers. */
interface Form extends Writable {
  readonly _parser?: { readonly parser?: EventEmitter };
}

type PartHeader = Record<string, string[]>;

/**
 * Makes UTF-8 of part headers that are none. busboy takes every name for UTF-8 and leaves replacement characters of other
 * bytes, but curl on Windows and older libraries send names in the code page of their machine. The header's text has one
 * character for each byte here, and keeps that form.
 */
export function recodePartNames(form: Form): void {
  form._parser?.parser?.prependListener('part', (part: EventEmitter) => {
    part.once('header', (header: PartHeader) => {
      const [disposition] = header['content-disposition'] ?? [];
      if (disposition === undefined) return;
      const text = decodeName(Buffer.from(disposition, 'latin1'));
      header['content-disposition'] = [Buffer.from(text).toString('latin1')];
    });
  });
}
