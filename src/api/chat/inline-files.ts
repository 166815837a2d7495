import { buffer } from 'node:stream/consumers';
import { asRecord } from '../../chat/optional.ts';
import { KtpflowError } from '../../errors.ts';
import type { Requester } from '../access/access-log.ts';
import type { RouteContext } from '../context.ts';
import { openImageFile } from '../intake/image-file.ts';

const MEBIBYTE = 1024 * 1024;

/** The fields of a body that hold messages or items. */
type Holder = 'messages' | 'input';
type InlineContext = Pick<RouteContext, 'blobs' | 'config' | 'database'>;

/**
 * A body whose parts name no files of /v1/files any more: the pictures and documents stand in it instead, as they might
 * have come. Who makes the answer has no files to look into. All together are bounded as a body is.
 * @throws KtpflowError not_found, for somebody else's too; payload_too_large
 */
export async function inlineFiles(
  context: InlineContext,
  holder: Holder,
  body: unknown,
  who: Requester,
): Promise<unknown> {
  const items = asRecord(body)?.[holder];
  if (!Array.isArray(items)) return body;
  let left = context.config.MAX_JSON_MB * MEBIBYTE;
  const inlined = [...(items as unknown[])];
  for (const [at, item] of items.entries()) {
    const content = asRecord(item)?.content;
    if (!Array.isArray(content)) continue;
    const parts = [...(content as unknown[])];
    for (const [index, part] of content.entries()) {
      const fileId = fileIdOf(part);
      if (fileId === undefined) continue;
      const bytes = await buffer(
        await openImageFile(context, who, fileId, `${holder}[${at}].content[${index}].file_id`),
      );
      left -= bytes.length;
      if (left < 0) {
        const message = `The files of a request may have ${context.config.MAX_JSON_MB} MB together (MAX_JSON_MB).`;
        throw new KtpflowError('payload_too_large', message, { param: holder });
      }
      const url = `data:application/octet-stream;base64,${bytes.toString('base64')}`;
      parts[index] = { type: 'input_image', image_url: url };
    }
    inlined[at] = { ...asRecord(item), content: parts };
  }
  return { ...asRecord(body), [holder]: inlined };
}

/** As OpenAI's chats (`file`) and responses (`input_image`, `input_file`) name a file. */
function fileIdOf(part: unknown): string | undefined {
  const record = asRecord(part);
  const named = record?.type === 'file' ? asRecord(record.file) : record;
  if (!named || !['file', 'input_image', 'input_file'].includes(String(record?.type))) return undefined;
  return typeof named.file_id === 'string' ? named.file_id : undefined;
}
