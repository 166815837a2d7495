import { responseSettingsContext } from '../encryption/contexts.ts';
import { type Keyring, sealJson, unsealJson } from '../encryption/keyring.ts';
import type { ResponseSettings } from '../responses/response-object.ts';

/** What a response repeats of its request, as its row keeps it. */
export function sealResponseSettings(
  dataKey: Uint8Array<ArrayBuffer>,
  id: string,
  settings: ResponseSettings,
): Uint8Array<ArrayBuffer> {
  return sealJson(dataKey, settings, responseSettingsContext(id));
}

/** Reverses {@link sealResponseSettings}. @throws SealError */
export function openResponseSettings(
  keyring: Keyring,
  row: { readonly id: string; readonly wrappedKey: Uint8Array; readonly sealedSettings: Uint8Array },
): ResponseSettings {
  // What we sealed ourselves has the shape that we gave it.
  return unsealJson(
    keyring.unwrapDataKey(row.wrappedKey),
    row.sealedSettings,
    responseSettingsContext(row.id),
  ) as ResponseSettings;
}
