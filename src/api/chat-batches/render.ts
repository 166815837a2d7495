import { z } from 'zod';
import { requestContext } from '../../encryption/contexts.ts';
import { unsealJson } from '../../encryption/keyring.ts';
import type { ChatLineCounts } from '../../storage/chat-batches.ts';
import type { ChatBatch } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { unixSeconds } from '../files/schemas.ts';
import { batchErrorSchema, CHAT_BATCH_STATUSES, type ChatBatchObject, countsSchema, usageSchema } from './schemas.ts';

const sealedRequestSchema = z.object({ metadata: z.record(z.string(), z.string()).nullable() });
const statusSchema = z.enum(CHAT_BATCH_STATUSES);

/** The batch object of a row, as OpenAI has it. Reads nothing but its arguments. */
export function renderChatBatch(
  { keyring }: Pick<ApiContext, 'keyring'>,
  row: ChatBatch,
  counted: ChatLineCounts | undefined,
): ChatBatchObject {
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  const { metadata } = sealedRequestSchema.parse(unsealJson(dataKey, row.sealedRequest, requestContext(row.id)));
  const status = statusSchema.parse(row.status);
  const ended = (as: ChatBatchObject['status']) => (status === as ? at(row.finishedAt) : null);
  return {
    id: row.id,
    object: 'batch',
    endpoint: row.endpoint,
    errors: row.errors === null ? null : { object: 'list', data: z.array(batchErrorSchema).parse(row.errors) },
    input_file_id: row.inputFileId,
    completion_window: row.window,
    status,
    output_file_id: row.outputFileId,
    error_file_id: row.errorFileId,
    created_at: unixSeconds(row.createdAt),
    in_progress_at: at(row.inProgressAt),
    expires_at: unixSeconds(row.deadline),
    finalizing_at: at(row.finalizingAt),
    completed_at: ended('completed'),
    failed_at: ended('failed'),
    expired_at: ended('expired'),
    cancelling_at: at(row.cancellingAt),
    cancelled_at: ended('cancelled'),
    request_counts: row.counts === null ? (counted ?? NO_LINES) : countsSchema.parse(row.counts),
    usage: row.usage === null ? null : usageSchema.parse(row.usage),
    metadata,
  };
}

const NO_LINES: ChatLineCounts = { total: 0, completed: 0, failed: 0 };

function at(date: Date | null): number | null {
  return date && unixSeconds(date);
}
