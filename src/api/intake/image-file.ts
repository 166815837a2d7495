import type { Readable } from 'node:stream';
import { KtpflowError } from '../../errors.ts';
import { findFile } from '../../storage/files.ts';
import { accessLogRow } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';
import type { ReceiveContext } from '../context.ts';
import { imageTooLarge, maxImageBytes } from './image-upload.ts';

/** A form holds its images itself. */
export function fileInForm(param: string): KtpflowError {
  return new KtpflowError('unsupported', 'Files of /v1/files are named in JSON, not in a form.', { param });
}

/** Whose request reads a file. */
export interface FileReader {
  readonly caller: Caller;
  readonly loggedId: string;
}

/** Writes down that a request makes something of a file. */
export async function logFileRead(
  { database }: Pick<ReceiveContext, 'database'>,
  { caller, loggedId }: FileReader,
  fileId: string,
): Promise<void> {
  const access = { caller, action: 'file.read', subject: fileId, requestId: loggedId } as const;
  await database.accessLogEntry.create({ data: accessLogRow(access) });
}

/**
 * The content of an image that was handed in as a file; the record that is made of it gets a copy of its own.
 * @throws KtpflowError not_found, payload_too_large
 */
export async function openImageFile(
  context: Pick<ReceiveContext, 'blobs' | 'config' | 'database'>,
  reader: FileReader,
  fileId: string,
  param = 'file_id',
): Promise<Readable> {
  const file = await findFile(context.database, reader.caller.tenant, fileId, param);
  if (Number(file.bytes) > maxImageBytes(context)) throw imageTooLarge(context);
  await logFileRead(context, reader, file.id);
  return context.blobs.read(file.blob);
}
