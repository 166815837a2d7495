import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DataPlaces, PARTS, type Part } from './data-places.ts';
import { exists } from './pack-data.ts';

/** Parts that are there, under the home or elsewhere; an empty folder is none. */
export async function presentParts(pathOf: (part: Part) => string): Promise<Part[]> {
  const present: Part[] = [];
  for (const part of PARTS) {
    const path = pathOf(part);
    const names = await readdir(path).catch(() => null);
    if (names === null ? await exists(path) : names.length > 0) present.push(part);
  }
  return present;
}

/**
 * Puts the parts of `draft` into their places, and what was there into `aside`; when something fails, everything goes
 * back. The home itself stays where it is: it may be a mount point, and so may any part.
 */
export async function replaceParts(draft: string, places: DataPlaces, aside: string): Promise<void> {
  const moves: [from: string, to: string][] = [
    ...(await presentParts(places.pathOf)).map((part): [string, string] => [places.pathOf(part), join(aside, part)]),
    ...(await presentParts((part) => join(draft, part))).map((part): [string, string] => [
      join(draft, part),
      places.pathOf(part),
    ]),
  ];
  const done: [from: string, to: string][] = [];
  try {
    for (const [from, to] of moves) {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await move(from, to);
      done.unshift([from, to]);
    }
  } catch (error) {
    for (const [from, to] of done) await move(to, from).catch(() => undefined);
    throw error;
  }
}

const NOT_BY_NAME = new Set(['EXDEV', 'EBUSY', 'ENOTEMPTY', 'EEXIST']);

/** rename(2), or a copy where that is another file system or a mount point. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NOT_BY_NAME.has(String(error.code)))) throw error;
    await cp(from, to, { recursive: true, preserveTimestamps: true });
    const names = await readdir(from).catch(() => null);
    if (names === null) await rm(from);
    else for (const name of names) await rm(join(from, name), { recursive: true });
  }
}
