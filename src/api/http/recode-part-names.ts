import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import { decodeName } from '../../batch/archive/entry-name.ts';

/** A form of busboy, with what it keeps to itself: the parser of parts, which hands out each one before its headers. */
interface Form extends Writable {
  readonly _parser?: { readonly parser?: EventEmitter };
}

/** A form's part has a name (RFC 7578, 4.2). */
const NAMED = /^\s*form-data\s*;(.*;)?\s*name\s*=/is;
const PLAIN_FILE_NAME = /;\s*filename\s*=\s*"(?:[^"\\]|\\.)*"/i;
const ENCODED_FILE_NAME = /;\s*filename\*\s*=/i;
/** As .NET writes a name that is no ASCII (RFC 2047). */
const ENCODED_WORD = /"=\?utf-8\?B\?([A-Za-z0-9+/]+={0,2})\?="/i;

type PartHeader = Record<string, string[]>;

/**
 * Makes names of part headers such as busboy reads. It takes every name for UTF-8 and leaves replacement characters of other
 * bytes, but curl on Windows and older libraries send names in the code page of their machine; .NET sends them twice, in
 * base64 and as `filename*`, of which busboy would take the former. The header's text has one character for each byte
 * here, and keeps that form.
 * @param onUnnamed of a part without a name: busboy would pass over it, and a picture would be lost in silence
 */
export function recodePartNames(form: Form, onUnnamed: () => void): void {
  form._parser?.parser?.prependListener('part', (part: EventEmitter) => {
    part.once('header', (header: PartHeader) => {
      const [disposition] = header['content-disposition'] ?? [];
      if (disposition === undefined || !NAMED.test(disposition)) return onUnnamed();
      const text = withOneFileName(decodeName(Buffer.from(disposition, 'latin1')));
      header['content-disposition'] = [Buffer.from(text).toString('latin1')];
    });
  });
}

function withOneFileName(disposition: string): string {
  if (ENCODED_FILE_NAME.test(disposition)) return disposition.replace(PLAIN_FILE_NAME, '');
  return disposition.replace(ENCODED_WORD, (_, base64: string) => {
    const name = Buffer.from(base64, 'base64').toString();
    return `"${name.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\r\n]/g, ' ')}"`;
  });
}
