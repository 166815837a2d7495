import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** PKCS #8 of an Ed25519 key (RFC 8410): what stands in front of its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Signs statements with Ed25519: whoever has the public key can check them without asking us, and a change of the
 * database makes no valid one.
 */
export class CertificateSigner {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  /** @param seed 32 bytes */
  constructor(seed: Uint8Array) {
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    this.#privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  /** PEM, SPKI. */
  get publicKey(): string {
    return this.#publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }

  /** Base64. */
  sign(statement: string): string {
    return sign(null, Buffer.from(statement), this.#privateKey).toString('base64');
  }

  verify(statement: string, signature: string): boolean {
    return verify(null, Buffer.from(statement), this.#publicKey, Buffer.from(signature, 'base64'));
  }
}
