import { defaultPayloadConverter, type Headers, type Payload } from '@temporalio/common';
import { TRACE_HEADER } from '../../contract/trace.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { EncryptionCodec } from '../codec.ts';

/** The headers with a traceparent in them, sealed like every payload. */
export async function withTrace(headers: Headers, traceparent: string, keyring: Keyring): Promise<Headers> {
  const [sealed] = await new EncryptionCodec(keyring).encode([defaultPayloadConverter.toPayload(traceparent)]);
  return sealed === undefined ? headers : { ...headers, [TRACE_HEADER]: sealed };
}

/** The traceparent; undefined where there is none, or it cannot be opened. */
export async function openTrace(sealed: Payload | undefined, keyring: Keyring): Promise<string | undefined> {
  if (sealed === undefined) return undefined;
  try {
    const [payload] = await new EncryptionCodec(keyring).decode([sealed]);
    const text: unknown = payload && defaultPayloadConverter.fromPayload(payload);
    return typeof text === 'string' ? text : undefined;
  } catch {
    // A key that is gone must not fail the work that the header came with.
    return undefined;
  }
}
