import type { Readable } from 'node:stream';
import { KtpflowError } from '../../errors.ts';
import { findFile } from '../../storage/files.ts';
import { accessLogRow, type Requester } from '../access/access-log.ts';
import type { ReceiveContext } from '../context.ts';
import { imageTooLarge, maxImageBytes } from './image-upload.ts';

/** A form holds its images itself. */
export function fileInForm(param: string): KtpflowError {
  return new KtpflowError('unsupported', 'Files of /v1/files are named in JSON, not in a form.', { param });
}

/** Writes down that a request makes something of a file. */
export async function logFileRead(
  { database }: Pick<ReceiveContext, 'database'>,
  reader: Requester,
  fileId: string,
): Promise<void> {
  await database.accessLogEntry.create({ data: accessLogRow({ ...reader, action: 'file.read', subject: fileId }) });
}

/**
 * The content of an image that was handed in as a file; the record that is made of it gets a copy of its own.
 * @throws KtpflowError not_found, payload_too_large
 */
export async function openImageFile(
  context: Pick<ReceiveContext, 'blobs' | 'config' | 'database'>,
  reader: Requester,
  fileId: string,
  param = 'file_id',
): Promise<Readable> {
  const file = await findFile(context.database, reader.caller.tenant, fileId, param);
  if (Number(file.bytes) > maxImageBytes(context)) throw imageTooLarge(context);
  await logFileRead(context, reader, file.id);
  return context.blobs.read(file.blob);
}
