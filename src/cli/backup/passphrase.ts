import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Decrypter, Encrypter } from 'age-encryption';
import { askSilently } from '../ask-silently.ts';
import { CliError, EXIT } from '../exit-codes.ts';

const VARIABLE = 'KTPFLOW_BACKUP_PASSPHRASE';
const MIN_LENGTH = 8;
/** How a file of the format age begins (https://age-encryption.org/v1); the tool `age` opens it as well. */
const AGE_START = Buffer.from('age-encryption.org/v1');

export function isEncrypted(start: Buffer): boolean {
  return start.subarray(0, AGE_START.length).equals(AGE_START);
}

/** Encrypts a stream with a passphrase, a piece at a time. */
export async function encrypt(plain: Readable, passphrase: string): Promise<Readable> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return fromWeb(await encrypter.encrypt(toWeb(plain)));
}

/** @throws CliError where the passphrase is another one, or the file is damaged at its beginning */
export async function decrypt(encrypted: Readable, passphrase: string): Promise<Readable> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return fromWeb(await decrypter.decrypt(toWeb(encrypted)));
  } catch (cause) {
    encrypted.destroy();
    throw new CliError(EXIT.usage, 'the passphrase does not open this backup', { cause });
  }
}

/**
 * The passphrase of a backup: from KTPFLOW_BACKUP_PASSPHRASE, else asked on the terminal, twice for a new one.
 * @throws CliError where there is none, or it is too short
 */
export async function readPassphrase({ isNew }: { isNew: boolean }): Promise<string> {
  const given = process.env[VARIABLE];
  if (!given && !process.stdin.isTTY) {
    throw new CliError(
      EXIT.usage,
      `set ${VARIABLE}, or answer on a terminal: the backup is encrypted with a passphrase`,
    );
  }
  const passphrase = given || (await askSilently('Passphrase of the backup: '));
  if (isNew && passphrase.length < MIN_LENGTH) {
    throw new CliError(EXIT.usage, `a passphrase has ${MIN_LENGTH} characters or more`);
  }
  if (isNew && !given && (await askSilently('Once more: ')) !== passphrase) {
    throw new CliError(EXIT.usage, 'these were two different passphrases');
  }
  return passphrase;
}

function toWeb(stream: Readable): globalThis.ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as globalThis.ReadableStream<Uint8Array>;
}

function fromWeb(stream: globalThis.ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(stream as ReadableStream<Uint8Array>);
}
