import type { Generation } from '../chat/generation.ts';
import type { StreamView } from '../chat/stream-log.ts';
import type { BlobReference } from '../contract/blob-reference.ts';
import { answerWebhookContext } from '../encryption/contexts.ts';
import { type Keyring, sealJson, unsealJson } from '../encryption/keyring.ts';
import type { Database } from './database.ts';
import type { ChatGenerationModel } from './generated/models.ts';
import type { SealedWebhook } from './webhook-deliveries.ts';

/**
 * The registry of chat sessions: a row an answer, written before its workflow is started and completed with the sealed
 * transcript after it has ended. Sessions are known by the HMAC of tenant and session id.
 */

/** Longest time that a row may wait for the end of its answer; more than a workflow may take. */
const UNFINISHED_ROW_MS = 24 * 60 * 60 * 1000;
/** What is kept of a line of a batch of chat requests: nothing beside the batch, which removes the row itself. */
export const KEPT_BY_BATCH = 0;

export type GenerationOutcome = 'finished' | 'cancelled' | 'failed';

export interface NewGeneration {
  readonly generation: Generation;
  readonly tenant: string;
  readonly sessionHash: string;
  readonly wrappedKey: Uint8Array<ArrayBuffer>;
  readonly blob: BlobReference;
  /** How long its transcript is kept; null: SESSIONS_TTL_SECONDS. */
  readonly keepSeconds: number | null;
  /** Sealed with the data key; unset: nobody is to be told. */
  readonly sealedWebhook?: Uint8Array<ArrayBuffer>;
}

/** Whom to tell of an answer's end. */
export interface AnswerWebhook extends SealedWebhook {
  /** What the caller knows the answer by: the id of the session or of the response. */
  readonly name: string;
}

/** An answer as its row knows it. */
export interface StoredGeneration {
  readonly generation: Generation;
  /** Of its request, its pieces and its transcript. */
  readonly wrappedKey: Uint8Array;
  /** null until the answer has ended and was stored. */
  readonly ended: {
    readonly outcome: GenerationOutcome;
    readonly pieces: number;
    readonly finishedAt: Date;
    readonly expiresAt: Date;
  } | null;
}

/** The columns of a new row. */
export function generationRow({ generation, ...owner }: NewGeneration) {
  return {
    ...owner,
    id: generation.id,
    ordinal: generation.ordinal,
    bodyHash: generation.bodyHash,
    idempotencyHash: generation.idempotencyHash,
    model: generation.model,
    firstIndex: generation.firstIndex,
    usageEvent: generation.usageEvent,
    createdAt: new Date(generation.createdAt),
    expiresAt: new Date(generation.createdAt + UNFINISHED_ROW_MS),
  };
}

/** A row of the access log. */
export interface GenerationAccess {
  readonly tenant: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly requestId: string;
}

/**
 * Inserts a row and the entry of who asked for it. In one statement: as a transaction of two it took a start three times
 * as long in PGlite, where ten that begin at once wait for each other.
 * @returns false: the session has an answer of that ordinal, another starter was quicker
 */
export async function insertGeneration(
  database: Pick<Database, '$executeRaw'>,
  row: ReturnType<typeof generationRow>,
  access: GenerationAccess,
): Promise<boolean> {
  const written = await database.$executeRaw`
    WITH added AS (
      INSERT INTO "chat_generations" ("id", "tenant", "session_hash", "ordinal", "body_hash", "idempotency_hash", "model",
        "first_index", "usage_event", "wrapped_key", "blob", "keep_seconds", "sealed_webhook", "created_at", "expires_at")
      VALUES (${row.id}, ${row.tenant}, ${row.sessionHash}, ${row.ordinal}, ${row.bodyHash}, ${row.idempotencyHash},
        ${row.model}, ${row.firstIndex}, ${row.usageEvent}, ${row.wrappedKey}, ${row.blob}, ${row.keepSeconds},
        ${row.sealedWebhook ?? null}, ${row.createdAt}, ${row.expiresAt})
      ON CONFLICT ("session_hash", "ordinal") DO NOTHING
      RETURNING "id"
    )
    INSERT INTO "access_log" ("tenant", "actor", "action", "subject", "request_id")
    SELECT ${access.tenant}, ${access.actor}, ${access.action}, ${access.subject}, ${access.requestId} FROM added`;
  return written > 0;
}

/** The session's newest answers, newest first; more than one, since the newest may never have been started. */
export async function newestGenerations(database: Database, sessionHash: string): Promise<StoredGeneration[]> {
  const rows = await database.chatGeneration.findMany({
    where: { sessionHash },
    orderBy: { ordinal: 'desc' },
    take: 5,
    omit: { sealedTranscript: true },
  });
  return rows.map(asStored);
}

/** An answer that somebody is to be told of; null where it is gone, or nobody is. */
export async function findToldAnswer(
  database: Database,
  keyring: Keyring,
  id: string,
): Promise<(StoredGeneration & { readonly tenant: string; readonly webhook: AnswerWebhook }) | null> {
  const row = await database.chatGeneration.findUnique({ where: { id }, omit: { sealedTranscript: true } });
  if (!row?.sealedWebhook) return null;
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  // What we sealed ourselves has the shape that we gave it.
  const webhook = unsealJson(dataKey, row.sealedWebhook, answerWebhookContext(id)) as AnswerWebhook;
  return { ...asStored(row), tenant: row.tenant, webhook };
}

/** Whether that Idempotency-Key came with another body before. */
export async function isKeyOfAnotherBody(
  database: Database,
  tenant: string,
  idempotencyHash: string,
  bodyHash: string,
): Promise<boolean> {
  const other = await database.chatGeneration.findFirst({
    where: { tenant, idempotencyHash, bodyHash: { not: bodyHash }, expiresAt: { gt: new Date() } },
    select: { id: true },
  });
  return other !== null;
}

export interface ExpiredGeneration {
  readonly id: string;
  readonly sessionHash: string;
  readonly runId: string | null;
  readonly blob: BlobReference | null;
}

export function expiredGenerations(database: Database, now: Date, limit: number): Promise<ExpiredGeneration[]> {
  return database.chatGeneration.findMany({
    where: { expiresAt: { lt: now } },
    select: { id: true, sessionHash: true, runId: true, blob: true },
    take: limit,
  });
}

/**
 * Answers without a stored end that were asked for before that time, by their ids. Not the lines of batches, which wait
 * for their turn without a run.
 */
export function unfinishedGenerations(
  database: Database,
  createdBefore: Date,
  after: string,
  limit: number,
): Promise<Pick<ExpiredGeneration, 'id' | 'sessionHash' | 'blob'>[]> {
  return database.chatGeneration.findMany({
    where: {
      outcome: null,
      createdAt: { lt: createdBefore },
      id: { gt: after },
      OR: [{ keepSeconds: null }, { keepSeconds: { gt: KEPT_BY_BATCH } }],
    },
    select: { id: true, sessionHash: true, blob: true },
    orderBy: { id: 'asc' },
    take: limit,
  });
}

/** Removes an answer unless its end was stored. @returns whether it did */
export async function removeUnfinished(database: Database, id: string): Promise<boolean> {
  return (await database.chatGeneration.deleteMany({ where: { id, outcome: null } })).count > 0;
}

/** Whether an answer's end is stored. */
export async function isFinished(database: Database, id: string): Promise<boolean> {
  return (await database.chatGeneration.count({ where: { id, outcome: { not: null } } })) > 0;
}

export async function removeGeneration(database: Database, id: string): Promise<void> {
  await database.chatGeneration.deleteMany({ where: { id } });
}

/** Keeps an ended stream; kept for no time, only that it was is. Storing twice changes nothing. */
export async function storeTranscript(
  database: Database,
  keyring: Keyring,
  id: string,
  ended: {
    readonly view: StreamView;
    readonly runId: string;
    readonly finishedAt: Date;
    /** How long it is kept where its row does not say otherwise; 0: not at all. */
    readonly keepSeconds: number;
  },
): Promise<{ blob: BlobReference | null }> {
  const row = await database.chatGeneration.findUnique({
    where: { id },
    select: { wrappedKey: true, blob: true, keepSeconds: true },
  });
  if (!row) return { blob: null };
  const { finishedAt, runId, view } = ended;
  const keepSeconds = row.keepSeconds ?? ended.keepSeconds;
  const sealed = () => {
    const transcript = { pieces: view.pieces, end: view.end };
    return sealJson(keyring.unwrapDataKey(row.wrappedKey), transcript, transcriptContext(id));
  };
  await database.chatGeneration.updateMany({
    where: { id, outcome: null },
    data: {
      outcome: outcomeOf(view),
      pieces: view.pieces.length,
      sealedTranscript: keepSeconds > 0 ? sealed() : null,
      runId,
      finishedAt,
      expiresAt: new Date(finishedAt.getTime() + keepSeconds * 1000),
    },
  });
  return { blob: row.blob };
}

export async function forgetRequestBlob(database: Database, id: string): Promise<void> {
  await database.chatGeneration.updateMany({ where: { id }, data: { blob: null } });
}

/** The stored stream; null when it is gone. */
export async function readTranscript(database: Database, keyring: Keyring, id: string): Promise<StreamView | null> {
  const row = await database.chatGeneration.findUnique({
    where: { id },
    select: { sealedTranscript: true, wrappedKey: true },
  });
  if (!row?.sealedTranscript) return null;
  // What we sealed ourselves has the shape that we gave it.
  return unsealJson(keyring.unwrapDataKey(row.wrappedKey), row.sealedTranscript, transcriptContext(id)) as StreamView;
}

export function outcomeOf(view: StreamView): GenerationOutcome {
  if (view.end?.type !== 'finish') return 'failed';
  return view.end.cancelled ? 'cancelled' : 'finished';
}

function transcriptContext(id: string): string {
  return `transcript of ${id}`;
}

function asStored(row: Omit<ChatGenerationModel, 'sealedTranscript'>): StoredGeneration {
  const { createdAt, finishedAt, id, outcome } = row;
  return {
    generation: {
      id,
      ordinal: row.ordinal,
      firstIndex: row.firstIndex,
      usageEvent: row.usageEvent,
      model: row.model,
      createdAt: createdAt.getTime(),
      bodyHash: row.bodyHash,
      idempotencyHash: row.idempotencyHash,
    },
    wrappedKey: row.wrappedKey,
    ended:
      outcome === null || !finishedAt
        ? null
        : {
            outcome: outcome as GenerationOutcome,
            pieces: row.pieces ?? 0,
            finishedAt,
            expiresAt: row.expiresAt,
          },
  };
}
