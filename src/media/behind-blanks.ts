/** More is no slip of a script. */
const MOST_BLANKS = 64;
/** Blanks, line ends, and the bytes of a byte order mark. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/**
 * The file behind what a script has let slip in front of it: line ends before `<?php`, a byte order mark. No picture
 * begins with one of these bytes. The same bytes where there is nothing in front.
 */
export function behindBlanks(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < MOST_BLANKS && BLANKS.has(bytes[at] ?? -1)) at++;
  return at === 0 ? bytes : bytes.subarray(at);
}
