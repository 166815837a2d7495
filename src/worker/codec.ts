import type { Payload, PayloadCodec } from '@temporalio/common';
// CommonJS without static names: Node imports it whole.
import proto from '@temporalio/proto';
import type { Keyring } from '../encryption/keyring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
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
      data: this.#keyring.seal(PayloadMessage.encode(payload).finish(), CONTEXT),
    }));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const encoding = payload.metadata?.encoding;
      if (!encoding || !ENCODING.equals(encoding) || !payload.data) return payload;
      return PayloadMessage.decode(this.#keyring.unseal(payload.data, CONTEXT));
    });
  }
}
