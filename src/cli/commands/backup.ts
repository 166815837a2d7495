import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../config.ts';
import { type DataPlaces, dataPlaces, type Part } from '../backup/data-places.ts';
import { exists, packData } from '../backup/pack-data.ts';
import { encrypt, readPassphrase } from '../backup/passphrase.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { interruptibly } from '../interruptibly.ts';
import type { Output } from '../output.ts';
import { withStoppedHome } from '../own-home.ts';
import { cannotBeWritten, draftOf } from './batch-results.ts';

const CONTENTS: readonly (readonly [part: Part, what: string])[] = [
  ['pglite', 'the database'],
  ['temporal.db', "Temporal's histories"],
  ['blobs', 'the images'],
  ['keys', 'the encryption keys'],
  ['admin-key', 'the admin key'],
];

/**
 * Packs the data of the embedded platform: database, Temporal's histories, images, keys. The platform must be stopped:
 * three stores that are copied while they change do not fit together.
 */
export async function runBackup(
  config: Config,
  target: string,
  { isEncrypted }: { isEncrypted: boolean },
  output: Output,
): Promise<ExitCode> {
  if (target === '-') throw new CliError(EXIT.usage, 'a backup goes into a file of its own: name one');
  const places = dataPlaces(config);
  if (!(await exists(join(places.home, 'pglite')))) {
    throw new CliError(EXIT.usage, `${places.home} holds no data of ktpflow`);
  }
  if (await exists(target)) throw new CliError(EXIT.usage, `${target} is there already`);
  if (!(await exists(dirname(resolve(target))))) {
    throw new CliError(EXIT.usage, `${target} cannot be written: there is no folder ${dirname(target)}`);
  }
  const passphrase = isEncrypted ? await readPassphrase({ isNew: true }) : null;
  const parts = await withStoppedHome(places.home, () =>
    interruptibly((signal) => write(places, target, passphrase, signal), `${target} is not written`),
  );
  const megabytes = ((await stat(target)).size / 1e6).toFixed(1);
  output.say(`${target}: ${megabytes} MB`);
  output.say(`in it: ${CONTENTS.flatMap(([part, what]) => (parts.includes(part) ? [what] : [])).join(', ')}`);
  for (const what of missing(config, places, parts)) output.say(`NOT in it: ${what}`);
  output.say(
    passphrase === null
      ? 'Who has it can read everything in it: keep it as safe as the keys, or use --encrypt.'
      : 'It opens with the passphrase only, also with the tool age: without it nobody can restore it.',
  );
  if (output.json) await output.print(JSON.stringify({ file: target, parts }));
  return EXIT.ok;
}

/** The file holds keys and people's data: it is its owner's alone from its first byte on, and whole under its name. */
async function write(
  places: DataPlaces,
  target: string,
  passphrase: string | null,
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const draft = draftOf(resolve(target));
  const { clean, parts, stream } = await packData(places, process.env.ENCRYPTION_KEYS);
  try {
    const content = passphrase === null ? stream : await encrypt(stream, passphrase);
    await pipeline(content, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }), { signal });
    await rename(draft, target);
    return parts;
  } catch (error) {
    stream.destroy();
    throw cannotBeWritten(target, error);
  } finally {
    await rm(draft, { force: true });
    await clean();
  }
}

function missing(config: Config, { blobs, home }: DataPlaces, parts: readonly Part[]): string[] {
  const histories = config.TEMPORAL_ADDRESS
    ? `Temporal's histories: they are on the server of TEMPORAL_ADDRESS`
    : `Temporal's histories: ${home} has no temporal.db, so that unfinished work will not go on`;
  return [
    ...(blobs === null ? [`the images: they are in ${config.BLOB_URL}`] : []),
    ...(parts.includes('temporal.db') ? [] : [histories]),
    ...(parts.includes('keys') ? [] : ['the encryption keys: without them nothing of it can be read']),
  ];
}
