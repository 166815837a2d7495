import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Keyring } from '../encryption/keyring.ts';
import { EncryptionCodec } from './codec.ts';

/** Path of the module that workers and the workflow bundle load the failure converter from. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(
  new URL(`failure-converter${import.meta.url.slice(-3)}`, import.meta.url),
);

/** The one data converter of clients, workers and replays. */
export function createDataConverter(keyring: Keyring): DataConverter {
  return { payloadCodecs: [new EncryptionCodec(keyring)], failureConverterPath: FAILURE_CONVERTER_PATH };
}
