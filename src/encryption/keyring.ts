import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { EncryptionKey } from '../config.ts';
import { CertificateSigner } from './certificate-signer.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 1;

/** A sealed text could not be opened: unknown key, wrong context or changed bytes. Holds nothing of the content. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The key that it was sealed with is not there now: an operator can bring it back. */
export class MissingKeyError extends SealError {}

/**
 * AES-256-GCM: nonce, ciphertext, tag. The context is authenticated, not stored: what was sealed for one purpose or
 * record does not open for another.
 */
export function seal(key: Uint8Array, plain: Uint8Array, context: string): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return concatenate(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

/** Reverses {@link seal}; throws {@link SealError}. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array<ArrayBuffer> {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new SealError('sealed data are too short');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return concatenate(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
  } catch {
    throw new SealError('sealed data do not open with this key and context');
  }
}

/**
 * The master keys. The first one writes, all of them read; the last one, the oldest, keys the HMACs, so that a new
 * key in front changes no workflow id and no reference's hash.
 */
export class Keyring {
  readonly #writing: EncryptionKey;
  readonly #byId: ReadonlyMap<string, EncryptionKey>;
  readonly #hmacKey: Buffer;
  readonly #subjectKey: Buffer;
  readonly #signer: CertificateSigner;

  constructor(keys: readonly EncryptionKey[]) {
    const [first] = keys;
    const last = keys.at(-1);
    if (!first || !last) throw new Error('the keyring needs at least one key');
    this.#writing = first;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', last.secret, '', purpose, 32));
    this.#hmacKey = derive('ktpflow hmac');
    this.#subjectKey = derive('ktpflow subject index');
    this.#signer = new CertificateSigner(derive('ktpflow erasure certificates'));
  }

  /** Signs what is to be shown to others: see {@link CertificateSigner}. */
  get signer(): CertificateSigner {
    return this.#signer;
  }

  get writingKeyId(): string {
    return this.#writing.id;
  }

  /** Seals with the writing key; the key's id travels in front. */
  seal(plain: Uint8Array, context: string): Uint8Array<ArrayBuffer> {
    const id = Buffer.from(this.#writing.id);
    return concatenate(Uint8Array.of(FORMAT, id.length), id, seal(this.#writing.secret, plain, context));
  }

  /** Opens what any of the keys has sealed; throws {@link SealError}. */
  unseal(sealed: Uint8Array, context: string): Uint8Array<ArrayBuffer> {
    const id = keyIdOf(sealed);
    const key = this.#byId.get(id);
    if (!key) throw new MissingKeyError('sealed with a key that is not in ENCRYPTION_KEYS');
    return unseal(key.secret, sealed.subarray(2 + Buffer.byteLength(id)), context);
  }

  /** A new data key for one record, and the same wrapped by the writing key. */
  createDataKey(): { dataKey: Uint8Array<ArrayBuffer>; wrappedKey: Uint8Array<ArrayBuffer> } {
    const dataKey = new Uint8Array(randomBytes(32));
    return { dataKey, wrappedKey: this.seal(dataKey, 'data key') };
  }

  /** Throws {@link SealError}. */
  unwrapDataKey(wrappedKey: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.unseal(wrappedKey, 'data key');
  }

  /** The same data key wrapped by the writing key; null where it is so already. @throws SealError */
  rewrapDataKey(wrappedKey: Uint8Array): Uint8Array<ArrayBuffer> | null {
    const dataKey = this.unwrapDataKey(wrappedKey);
    return keyIdOf(wrappedKey) === this.#writing.id ? null : this.seal(dataKey, 'data key');
  }

  /** Hex HMAC-SHA-256 of parts that callers chose; parts are length-prefixed, so that none can imitate another. */
  hmac(purpose: string, ...parts: readonly string[]): string {
    const hmac = createHmac('sha256', this.#hmacKey);
    for (const part of [purpose, ...parts]) {
      const bytes = Buffer.from(part);
      hmac.update(`${bytes.length}:`).update(bytes);
    }
    return hmac.digest('hex');
  }

  /**
   * The keyed hash by which the records of a person are found again. A key of its own: there are so few NIKs that whoever
   * could make these hashes could try them all, so nothing else that is hashed may serve as such a maker.
   */
  subjectHash(nik: string): string {
    return createHmac('sha256', this.#subjectKey).update(nik).digest('hex');
  }
}

/** Compresses and seals a JSON value with a record's data key: results stand twice in a history. */
export function sealJson(dataKey: Uint8Array, value: unknown, context: string): Uint8Array<ArrayBuffer> {
  return seal(dataKey, deflateRawSync(JSON.stringify(value)), context);
}

/** Reverses {@link sealJson}; the caller checks the shape. Throws {@link SealError}. */
export function unsealJson(dataKey: Uint8Array, sealed: Uint8Array, context: string): unknown {
  return JSON.parse(inflateRawSync(unseal(dataKey, sealed, context)).toString());
}

/** Id of the master key that sealed this. @throws SealError */
function keyIdOf(sealed: Uint8Array): string {
  const idLength = sealed[1];
  if (sealed[0] !== FORMAT || idLength === undefined) throw new SealError('unknown format of sealed data');
  return Buffer.from(sealed.subarray(2, 2 + idLength)).toString('latin1');
}

function concatenate(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
