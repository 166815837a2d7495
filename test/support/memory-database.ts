import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

const { version } = JSON.parse(
  readFileSync(new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url), 'utf8'),
);
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/ktpflow/', import.meta.url));
const TEMPLATE = `${CACHE}pglite-${version}.tar`;

/**
 * An empty PGlite in memory, whose files come from a copy made by the first test that needed one: making them takes
 * seconds, loading them a fraction of one.
 */
export async function createMemoryDatabase(): Promise<PGlite> {
  const template = await readFile(TEMPLATE).catch(() => undefined);
  if (template) return PGlite.create({ loadDataDir: new Blob([new Uint8Array(template)]) });
  const pglite = await PGlite.create('memory://');
  const dump = Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer());
  await mkdir(CACHE, { recursive: true });
  // Written aside: another test file may be doing the same.
  const aside = `${TEMPLATE}.${process.pid}`;
  await writeFile(aside, dump);
  await rename(aside, TEMPLATE);
  return pglite;
}
