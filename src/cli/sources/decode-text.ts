import { decodeWindows1252 } from '../../batch/archive/windows-1252.ts';

const LITTLE_ENDIAN_MARK = 0xfffe;
const BIG_ENDIAN_MARK = 0xfeff;
/** Control characters that no text of a spreadsheet or an editor holds. */
const NO_TEXT = /[^\P{Cc}\t\n\v\f\r]/u;
/** How DOS and its heirs end a file: Ctrl-Z, and zeros up to the end of a block. Other control characters are no text. */
const FILE_ENDS: readonly (string | undefined)[] = ['\u001A', '\0'];

/**
 * The text of a file's bytes, or of its first ones; null: it is no text. UTF-8 and UTF-16 (Excel's "Unicode text"),
 * with a byte order mark or without, else the code page of a Windows machine.
 */
export function decodeText(bytes: Uint8Array): string | null {
  const encoding = encodingOf(bytes);
  const decoded = encoding === null ? decodeUtf8(bytes) : new TextDecoder(encoding).decode(bytes);
  const text = withoutFileEnd(decoded);
  const isNone = text === '' && NO_TEXT.test(decoded);
  return isNone || NO_TEXT.test(text) ? null : text;
}

function withoutFileEnd(text: string): string {
  let end = text.length;
  while (FILE_ENDS.includes(text[end - 1])) end--;
  return text.slice(0, end);
}

function encodingOf(bytes: Uint8Array): string | null {
  const [first = 0, second = 0] = bytes;
  const mark = first * 256 + second;
  if (mark === LITTLE_ENDIAN_MARK) return 'utf-16le';
  if (mark === BIG_ENDIAN_MARK) return 'utf-16be';
  // Without a mark: every other byte of Latin letters is zero.
  if (bytes.length < 4) return null;
  if (first !== 0 && second === 0 && bytes[3] === 0) return 'utf-16le';
  return first === 0 && second !== 0 && bytes[2] === 0 ? 'utf-16be' : null;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // As a stream: the last character may be cut.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return decodeWindows1252(bytes);
  }
}
