import { parseLine, splitLines } from '../../chat/batch-lines.ts';
import { KtpflowError } from '../../errors.ts';
import { findFile } from '../../storage/files.ts';
import type { Requester } from '../access/access-log.ts';
import type { ReceiveContext } from '../context.ts';
import { logFileRead } from '../intake/image-file.ts';
import { type NewItemBody, newItemSchema } from './request-schema.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * The items of a file that was handed in at /v1/files, one JSON object a line; a line is in memory at a time.
 * @throws KtpflowError not_found, invalid_value with the number of the line
 */
export async function* itemsOfFile(
  { blobs, config, database }: Pick<ReceiveContext, 'blobs' | 'config' | 'database'>,
  reader: Requester,
  fileId: string,
): AsyncGenerator<NewItemBody, void> {
  const param = 'input_file_id';
  const file = await findFile(database, reader.caller.tenant, fileId, param);
  await logFileRead({ database }, reader, file.id);
  const source = await blobs.read(file.blob);
  for await (const { bytes, line } of splitLines(source, { maxBytes: config.MAX_JSON_MB * MEBIBYTE })) {
    const parsed = newItemSchema.safeParse(bytes === null ? undefined : parseLine(bytes));
    if (!parsed.success) {
      const message = `Line ${line} of the file is not an item: ${parsed.error.issues[0]?.message ?? 'not valid'}`;
      throw new KtpflowError('invalid_value', message, { param });
    }
    yield parsed.data;
  }
}
