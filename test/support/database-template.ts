import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { extract } from 'tar';
import { openDatabase } from '../../src/storage/database.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const CACHE = path('node_modules/.cache/ktpflow');
const TEMPLATE = `pglite-${fingerprint()}.tar`;

/** Of all that the template is made of. */
function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(path('node_modules/@electric-sql/pglite/package.json')));
  for (const name of (readdirSync(path('prisma/migrations'), { recursive: true }) as string[]).sort()) {
    if (name.endsWith('.sql')) hash.update(name).update(readFileSync(path(`prisma/migrations/${name}`)));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The files of a PGlite with our tables and no rows as a tar archive, made by the first test that needed them and kept
 * beside the packages: creating a database takes six seconds of the processor, a copy a fraction of one.
 */
export async function databaseTemplate(): Promise<Buffer> {
  const kept = await readFile(join(CACHE, TEMPLATE)).catch(() => undefined);
  if (kept) return kept;
  const pglite = await PGlite.create('memory://');
  await openDatabase({ pglite });
  const dump = Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer());
  await pglite.close();
  await mkdir(CACHE, { recursive: true });
  const outdated = (await readdir(CACHE)).filter((name) => /^pglite-.*\.tar$/.test(name) && name !== TEMPLATE);
  await Promise.all(outdated.map((name) => rm(join(CACHE, name), { force: true })));
  // Written aside: another test file may be doing the same.
  const aside = join(CACHE, `${TEMPLATE}.${process.pid}`);
  await writeFile(aside, dump);
  await rename(aside, join(CACHE, TEMPLATE));
  return dump;
}

/** Makes a home with a database as its first start leaves it, and nothing else. */
export async function createHome(home: string): Promise<void> {
  const folder = join(home, 'pglite');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await pipeline(Readable.from([await databaseTemplate()]), extract({ cwd: folder }));
}
