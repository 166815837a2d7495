import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { codeOf, statOf } from './file-facts.ts';

/** Longer endings are part of the name. */
const MAX_TAIL_BYTES = 16;
/** File systems take names of 255 bytes: less the tail, ` (12345)`, a suffix and that of the draft. */
const MAX_STEM_BYTES = 200;

/**
 * Writes what is to be said of a file into a folder, whole or not at all, under a name that is free there: `card.jpg`,
 * or `card (2).jpg`. A note without its file is one that a kill has left, and is written anew.
 * @returns the name for the file
 */
export async function writeNote(folder: string, name: string, suffix: string, text: string): Promise<string> {
  // Somebody may have cleared it away. What it lies in may be a share that is away, and is not made here.
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  const free = await freeName(folder, name);
  const note = join(folder, `${free}${suffix}`);
  await writeFile(`${note}.part`, text, { mode: 0o600, flush: true });
  await rename(`${note}.part`, note);
  return free;
}

async function freeName(folder: string, name: string): Promise<string> {
  const [stem, tail] = shortened(name);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? `${stem}${tail}` : `${stem} (${number})${tail}`;
    if (!(await statOf(join(folder, candidate)))) return candidate;
  }
}

/** Cut where the name of its note would be too long; with the ending apart. */
function shortened(name: string): [stem: string, tail: string] {
  const { ext } = parse(name);
  const tail = Buffer.byteLength(ext) <= MAX_TAIL_BYTES ? ext : '';
  const stem = name.slice(0, name.length - tail.length);
  if (Buffer.byteLength(stem) <= MAX_STEM_BYTES) return [stem, tail];
  // A character that was cut through reads as U+FFFD.
  const cut = Buffer.from(stem)
    .subarray(0, MAX_STEM_BYTES)
    .toString()
    .replace(/\uFFFD$/, '');
  return [cut, tail];
}
