import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Keyring } from '../encryption/keyring.ts';

const ENCODING = Buffer.from('binary/encrypted');
const CONTEXT = 'temporal payload';

/**
 * Encrypts every payload that leaves for Temporal (inputs, results, signals, heartbeat details, memo, failures) with
 * AES-256-GCM under the writing master key; the key's id travels in front, so that keys can be rotated.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => ({
      metadata: { encoding: ENCODING, 'encryption-key-id': Buffer.from(this.#keyring.writingKeyId) },
      data: this.#keyring.seal(temporal.api.common.v1.Payload.encode(payload).finish(), CONTEXT),
    }));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const encoding = payload.metadata?.encoding;
      if (!encoding || !ENCODING.equals(encoding) || !payload.data) return payload;
      return temporal.api.common.v1.Payload.decode(this.#keyring.unseal(payload.data, CONTEXT));
    });
  }
}
