import { requestContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { findFile } from '../../storage/files.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import { orderedId } from '../../storage/ordered-id.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { checkSameRequest, createOrRepeat, type Idempotency } from '../intake/idempotency.ts';
import { startOnce } from '../intake/start-once.ts';
import { type CreateChatBatch, windowSeconds } from './schemas.ts';
import { isOpen } from './settle.ts';
import { type StartContext, startableChatBatch } from './start.ts';

const DAY_SECONDS = 24 * 60 * 60;

export interface NewChatBatch {
  readonly caller: Caller;
  readonly requestId: string;
  readonly body: CreateChatBatch;
  readonly idempotency: Idempotency | undefined;
}

/** What creating a batch touches. */
export type CreateContext = StartContext & Pick<RouteContext, 'closing'>;

/**
 * Row first, then the workflow under an id made from it (docs/start-once.md).
 * @returns the batch's id
 * @throws KtpflowError not_found, invalid_value, idempotency_mismatch; errors of the database and the Temporal client
 */
export function createChatBatch(context: CreateContext, request: NewChatBatch): Promise<string> {
  const { idempotency } = request;
  const create = async () => startAndAccept(context, await insertRow(context, request));
  if (!idempotency) return create();
  const find = () => findRepeated(context, idempotency);
  return createOrRepeat({ find, create, discard: async () => {} });
}

async function startAndAccept(context: CreateContext, row: ChatBatch): Promise<string> {
  const what = startableChatBatch(context, row);
  await startOnce(context, what);
  await what.accept();
  return row.id;
}

async function insertRow(context: CreateContext, { body, caller, idempotency, requestId }: NewChatBatch) {
  const { config, database, keyring } = context;
  const file = await findFile(database, caller.tenant, body.input_file_id, 'input_file_id');
  if (file.purpose !== 'batch') {
    throw new KtpflowError('invalid_value', 'The file must have been handed in for the purpose "batch".', {
      param: 'input_file_id',
    });
  }
  const createdAt = new Date();
  const id = orderedId('batch_', createdAt);
  const key = keyring.createDataKey();
  const deadline = new Date(createdAt.getTime() + windowSeconds(body.completion_window) * 1000);
  const keptSeconds = config.FILES_RETENTION_DAYS * DAY_SECONDS;
  const row = database.chatBatch.create({
    data: {
      id,
      tenant: caller.tenant,
      endpoint: body.endpoint,
      window: body.completion_window,
      deadline,
      inputFileId: file.id,
      outputSeconds: body.output_expires_after?.seconds ?? keptSeconds,
      wrappedKey: key.wrappedKey,
      sealedRequest: sealJson(key.dataKey, { metadata: body.metadata ?? null }, requestContext(id)),
      createdAt,
      expiresAt: new Date(deadline.getTime() + keptSeconds * 1000),
      ...idempotency,
    },
  });
  const access = accessLogRow({ caller, action: 'chat_batch.create', subject: id, requestId });
  // Lines are read from the file when their turn comes.
  const keepFile = database.storedFile.updateMany({
    where: { id: file.id, expiresAt: { lt: deadline } },
    data: { expiresAt: deadline },
  });
  const [inserted] = await database.$transaction([row, database.accessLogEntry.create({ data: access }), keepFile]);
  return inserted;
}

/**
 * The batch under the key, started; undefined: there is none. Its first request may have died before the start, or may
 * be about to fail: so a repeat takes every step itself before it says that there is one.
 */
async function findRepeated(context: CreateContext, asked: Idempotency): Promise<string | undefined> {
  const { database } = context;
  const { idempotencyHash } = asked;
  // One that is past its expiry frees its key.
  await database.chatBatch.deleteMany({ where: { idempotencyHash, expiresAt: { lte: new Date() } } });
  const row = await database.chatBatch.findUnique({ where: { idempotencyHash } });
  if (!row) return undefined;
  checkSameRequest(row, asked);
  return row.acceptedAt === null && isOpen(row) ? startAndAccept(context, row) : row.id;
}
