import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { archiveKind, KIND_BYTES } from '../../batch/archive/document-kind.ts';
import type { Config } from '../../config.ts';
import { keepDatabase } from '../../runtime/embedded/unfinished-database.ts';
import { dataPlaces, KEY_FILE } from '../backup/data-places.ts';
import { exists } from '../backup/pack-data.ts';
import { decrypt, isEncrypted, readPassphrase } from '../backup/passphrase.ts';
import { presentParts, replaceParts } from '../backup/replace-parts.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { interruptibly } from '../interruptibly.ts';
import type { Output } from '../output.ts';
import { withStoppedHome } from '../own-home.ts';
import { codeOf } from '../sources/file-facts.ts';
import { reasonOf } from '../sources/source-file.ts';

/** Unpacks a backup, or a tar archive of a home made by hand; data that is there is kept aside in the home. */
export async function runRestore(config: Config, source: string, force: boolean, output: Output): Promise<ExitCode> {
  const places = dataPlaces(config);
  const { home } = places;
  const start = await startOf(source);
  const isLocked = isEncrypted(start);
  if (!isLocked && !/gzip|tar/.test(archiveKind(start) ?? '')) throw noBackup(source);
  const filled = (await presentParts(places.pathOf)).length > 0;
  if (filled && !force) {
    throw new CliError(EXIT.usage, `${home} holds data; --force puts it aside and restores the backup`);
  }
  const passphrase = isLocked ? await readPassphrase({ isNew: false }) : null;
  const aside = join(home, `before-restore-${Date.now()}`);
  const restore = async (signal: AbortSignal): Promise<void> => {
    // In the home itself: what lies beside it may be another file system, or not ours to write.
    const draft = await mkdtemp(join(home, 'restore-'));
    try {
      await unpack(source, passphrase, draft, signal);
      const root = await rootOf(draft);
      if (root === null) throw noBackup(source);
      await warnOfKeys(root, output);
      signal.throwIfAborted();
      // Not to be left half done: parts of two times do not fit together.
      await replaceParts(root, places, aside);
      keepDatabase(places.pathOf('temporal.db'));
    } finally {
      // After a failure, what tar had begun to write may still come.
      await rm(draft, { recursive: true, force: true, maxRetries: 10 });
    }
  };
  await withStoppedHome(home, () => interruptibly(restore, `${home} is as it was`, { isWhole: true }));
  if (filled) output.say(`what was there is in ${aside}`);
  if (places.blobs === null) output.say(`the images of ${config.BLOB_URL} are as they were: restore them there`);
  output.say(`${home} is restored; start ktpflow as usual`);
  if (output.json) await output.print(JSON.stringify({ home }));
  return EXIT.ok;
}

async function startOf(source: string): Promise<Buffer> {
  try {
    const file = await open(source, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(KIND_BYTES), 0, KIND_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new CliError(EXIT.usage, `${source} ${reasonOf(error)}`, { cause: error });
  }
}

/** Only files and folders, and none outside of the folder. */
async function unpack(source: string, passphrase: string | null, folder: string, signal: AbortSignal): Promise<void> {
  const packed: Readable = createReadStream(source);
  const content = passphrase === null ? packed : await decrypt(packed, passphrase);
  const unpacking = extract({
    cwd: folder,
    preserveOwner: false,
    strict: true,
    filter: (_path, entry) => 'type' in entry && /^(Old|Contiguous)?File$|^Directory$/.test(String(entry.type)),
  });
  try {
    await pipeline(content, unpacking, { signal });
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') throw new CliError(EXIT.failure, `no space is left in ${folder}`, { cause: error });
    throw new CliError(EXIT.usage, `${source} is no backup of ktpflow, or it is damaged`, { cause: error });
  }
}

/** The folder that holds the database: the draft, or the one folder in it. */
async function rootOf(draft: string): Promise<string | null> {
  const folders = [draft, ...(await readdir(draft)).map((name) => join(draft, name))];
  for (const folder of folders) if (await exists(join(folder, 'pglite', 'PG_VERSION'))) return folder;
  return null;
}

/** The keys of the environment go before those of the home: they must open what is restored. */
async function warnOfKeys(root: string, output: Output): Promise<void> {
  const inUse = process.env.ENCRYPTION_KEYS;
  if (!inUse) return;
  const keys = (await readFile(join(root, KEY_FILE), 'utf8').catch(() => '')).split(/[\s,]+/);
  const lacking = keys.filter((key) => key !== '' && !inUse.split(',').some((known) => known.trim() === key));
  if (lacking.length > 0) {
    output.say('ENCRYPTION_KEYS lacks keys of this backup: unset it, or add those of keys/encryption-keys');
  }
}

function noBackup(source: string): CliError {
  return new CliError(EXIT.usage, `${source} is no backup of ktpflow`);
}
