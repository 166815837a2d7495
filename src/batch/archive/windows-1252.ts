/**
 * As a stream, which makes no difference for single bytes: Node 20 and 22 decode a whole text of this code page as
 * Latin-1, and dashes and quotation marks come out as control characters.
 */
const DECODER = new TextDecoder('windows-1252');

/** The text of bytes in the code page of a Windows machine of the West, which Indonesia's are. */
export function decodeWindows1252(bytes: Uint8Array): string {
  return DECODER.decode(bytes, { stream: true });
}
