import yauzl from 'yauzl';
import { decodeWindows1252 } from './windows-1252.ts';

/** What a ZIP's directory holds of an entry's name. */
export interface RawEntryName {
  readonly generalPurposeBitFlag: number;
  readonly fileNameRaw: Buffer;
  readonly extraFields: Parameters<typeof yauzl.getFileNameLowLevel>[2];
}

const UNICODE_PATH_FIELD = 0x7075;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The entry's name, with forward slashes. Bit 11 promises UTF-8, but macOS's Archive Utility and many libraries write
 * UTF-8 without it, and a few set it on other bytes: so the bytes decide. What is no UTF-8 is the old code page of a
 * Windows machine.
 */
export function entryNameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: RawEntryName): string {
  if (extraFields.some(({ id }) => id === UNICODE_PATH_FIELD)) {
    return yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
  }
  return decodeName(fileNameRaw).replaceAll('\\', '/');
}

/** A file name from its bytes: UTF-8 where they are, else IBM's code page 437 or Windows-1252, whichever makes words. */
export function decodeName(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    const dos = yauzl.getFileNameLowLevel(0, bytes, [], false);
    const windows = decodeWindows1252(bytes);
    return oddCharacters(windows) < oddCharacters(dos) ? windows : dos;
  }
}

/** Lines of boxes, Greek of formulas, currency signs: what names do not hold, but a wrong code page shows. */
function oddCharacters(text: string): number {
  return text.match(/[^\p{Script=Latin}\p{M}\p{ASCII}\u2013\u2014\u2018\u2019\u201C\u201D]|\p{Cc}/gu)?.length ?? 0;
}
