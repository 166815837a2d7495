import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Request } from 'express';
import { KtpflowError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { fileRow, insertFile } from '../../storage/files.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { ReceiveContext } from '../context.ts';
import { invalidValue } from '../http/errors.ts';
import { type FilePart, readForm } from '../http/multipart.ts';
import { checkSameRequest, createOrRepeat, type Idempotency, idempotencyOf } from '../intake/idempotency.ts';
import { discardImage } from '../intake/image-upload.ts';
import { fileFieldsSchema } from './schemas.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
const DAY_SECONDS = 24 * 60 * 60;
/** Room for boundaries, part headers and text fields. */
const OVERHEAD_BYTES = MEBIBYTE;
const MAX_NAME_LENGTH = 1024;
const UNNAMED = 'file';
const TEXT_FIELDS = ['purpose', 'expires_after', 'expires_after[anchor]', 'expires_after[seconds]'];

interface StoredContent {
  readonly blob: string;
  readonly size: number;
  readonly name: string;
  /** Hex SHA-256 of the plain bytes. */
  readonly sha256: string;
}

export interface Receiver {
  readonly caller: Caller;
  readonly requestId: string;
  /** From the Idempotency-Key, where there is one. */
  readonly idempotencyHash: string | undefined;
}

/**
 * Takes a file in from a form: its content streams to the blob store, encrypted, while it arrives. Nothing is left behind
 * on failure. A repeat under the same Idempotency-Key is the file that is there already.
 * @returns the file's id @throws KtpflowError as readForm, payload_too_large, invalid_value, idempotency_mismatch
 */
export async function receiveFile(
  context: ReceiveContext,
  request: Request,
  { caller, idempotencyHash, requestId }: Receiver,
): Promise<string> {
  const { blobs, config, database, keyring } = context;
  const key = keyring.createDataKey();
  const maxFileBytes = config.MAX_UPLOAD_MB * MEBIBYTE;
  let storing: Promise<StoredContent> | undefined;
  const store = async (file: FilePart, name: string): Promise<StoredContent> => {
    const hash = createHash('sha256');
    const { blob, size } = await blobs.write(Readable.from(hashing(file, hash)), key);
    return { blob, size, name, sha256: hash.digest('hex') };
  };
  try {
    const fields = await readForm(request, {
      maxBodyBytes: maxFileBytes + OVERHEAD_BYTES,
      maxFileBytes,
      textFields: TEXT_FIELDS,
      tooLarge: () => fileTooLarge(context),
      onFile: (field, file, fileName) => {
        if (field !== 'file') {
          file.resume();
          return undefined;
        }
        if (storing) throw new KtpflowError('invalid_value', 'Send one file, not several.', { param: 'file' });
        const limit = new Promise<never>((_resolve, reject) => file.once('limit', () => reject(fileTooLarge(context))));
        storing = store(file, (fileName || UNNAMED).slice(0, MAX_NAME_LENGTH));
        return Promise.race([storing, limit]);
      },
    });
    const stored = await storing;
    if (!stored) throw new KtpflowError('invalid_value', 'The form holds no file.', { param: 'file' });
    if (stored.size === 0) throw new KtpflowError('invalid_value', 'The file is empty.', { param: 'file' });
    const { purpose, expires_after } = parseFields(fields);
    const row = fileRow({
      tenant: caller.tenant,
      purpose,
      name: stored.name,
      bytes: stored.size,
      key,
      blob: stored.blob,
      keepSeconds: expires_after?.seconds ?? config.FILES_RETENTION_DAYS * DAY_SECONDS,
    });
    const access = accessLogRow({ caller, action: 'file.create', subject: row.id, requestId });
    const quotaBytes = config.MAX_FILES_GB * GIBIBYTE;
    const insert = async (idempotency?: Idempotency) => {
      await insertFile(database, { ...row, ...idempotency }, access, quotaBytes);
      return row.id;
    };
    const asked = [stored.sha256, stored.name, purpose, expires_after?.seconds ?? null];
    const idempotency = idempotencyOf(keyring, caller, idempotencyHash, asked);
    if (!idempotency) return await insert();
    const id = await createOrRepeat({
      create: () => insert(idempotency),
      find: () => findRepeated(database, idempotency),
      discard: async () => {},
    });
    if (id !== row.id) await discardImage(context, stored.blob);
    return id;
  } catch (error) {
    const stored = await storing?.catch(() => undefined);
    if (stored) await discardImage(context, stored.blob);
    throw error;
  }
}

async function findRepeated(database: Database, asked: Idempotency): Promise<string | undefined> {
  const row = await database.storedFile.findUnique({ where: { idempotencyHash: asked.idempotencyHash } });
  if (!row) return undefined;
  // One that is past its expiry frees its key; its content goes with it by the sweep.
  if (row.expiresAt <= new Date()) {
    await database.storedFile.updateMany({
      where: { id: row.id },
      data: { idempotencyHash: null, requestHash: null },
    });
    return undefined;
  }
  checkSameRequest(row, asked);
  return row.id;
}

async function* hashing(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer, void> {
  for await (const bytes of source) {
    hash.update(bytes);
    yield bytes;
  }
}

function parseFields(fields: ReadonlyMap<string, string>) {
  const parsed = fileFieldsSchema.safeParse({ purpose: fields.get('purpose'), expires_after: expiryOf(fields) });
  if (!parsed.success) throw invalidValue(parsed.error);
  return parsed.data;
}

/** `expires_after[seconds]` is how the SDKs write an object in a form; OpenAPI's own way is one field of JSON. */
function expiryOf(fields: ReadonlyMap<string, string>): unknown {
  const whole = fields.get('expires_after');
  if (whole !== undefined) {
    try {
      return JSON.parse(whole);
    } catch {
      throw new KtpflowError('invalid_value', 'expires_after is no JSON.', { param: 'expires_after' });
    }
  }
  const anchor = fields.get('expires_after[anchor]');
  const seconds = fields.get('expires_after[seconds]');
  return anchor === undefined && seconds === undefined ? undefined : { anchor, seconds };
}

function fileTooLarge({ config }: Pick<ReceiveContext, 'config'>): KtpflowError {
  return new KtpflowError('payload_too_large', `Files must not exceed ${config.MAX_UPLOAD_MB} MB.`, {
    param: 'file',
  });
}
