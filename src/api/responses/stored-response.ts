import { Readable } from 'node:stream';
import { KtpflowError } from '../../errors.ts';
import type { ChatBodyMessage } from '../../responses/chat-body.ts';
import type { ResponseSettings } from '../../responses/response-object.ts';
import { readBlob } from '../../storage/blobs.ts';
import { openResponseSettings, sealResponseSettings } from '../../storage/response-settings.ts';
import type { ApiContext } from '../context.ts';

/** What a stored response touches. */
export type StoreContext = Pick<ApiContext, 'blobs' | 'database' | 'keyring'>;

/** What is kept of a response besides its answer. */
export interface StoredResponse {
  readonly id: string;
  readonly settings: ResponseSettings;
  readonly blob: string;
}

/** The items of the request as they came, and all messages up to them without instructions. */
export interface Conversation {
  readonly input: string | readonly unknown[];
  readonly messages: readonly ChatBodyMessage[];
}

/** Keeps a response; a repeat of the same request changes nothing. */
export async function storeResponse(
  { blobs, database, keyring }: StoreContext,
  response: {
    readonly id: string;
    readonly tenant: string;
    readonly settings: ResponseSettings;
    readonly conversation: Conversation;
    readonly expiresAt: Date;
  },
): Promise<void> {
  const { conversation, expiresAt, id, settings, tenant } = response;
  if (await database.storedResponse.findUnique({ where: { id }, select: { id: true } })) return;
  const key = keyring.createDataKey();
  const { blob } = await blobs.write(Readable.from([Buffer.from(JSON.stringify(conversation))]), key);
  const sealedSettings = sealResponseSettings(key.dataKey, id, settings);
  const { count } = await database.storedResponse.createMany({
    data: { id, tenant, wrappedKey: key.wrappedKey, sealedSettings, blob, expiresAt },
    skipDuplicates: true,
  });
  if (count === 0) await blobs.delete(blob);
}

/** @throws KtpflowError not_found, for somebody else's and expired ones too */
export async function findResponse(
  { database, keyring }: Pick<StoreContext, 'database' | 'keyring'>,
  tenant: string,
  id: string,
  param?: string,
): Promise<StoredResponse> {
  const row = await database.storedResponse.findFirst({ where: { id, tenant, expiresAt: { gt: new Date() } } });
  if (!row) throw new KtpflowError('not_found', 'There is no such response.', param === undefined ? {} : { param });
  return { id, blob: row.blob, settings: openResponseSettings(keyring, row) };
}

export async function readConversation(
  { blobs }: Pick<StoreContext, 'blobs'>,
  { blob }: Pick<StoredResponse, 'blob'>,
): Promise<Conversation> {
  // What we wrote ourselves has the shape that we gave it.
  return JSON.parse((await readBlob(blobs, blob)).toString()) as Conversation;
}

export async function removeResponse({ blobs, database }: StoreContext, { blob, id }: StoredResponse): Promise<void> {
  await database.storedResponse.deleteMany({ where: { id } });
  await blobs.delete(blob);
}
