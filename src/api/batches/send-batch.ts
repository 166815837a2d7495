import type { Response } from 'express';
import { type BatchObject, isFinalBatch, POLL_AFTER_SECONDS } from './batch-schema.ts';

/** Answers with a batch, and says when to ask again while it is not final. */
export function sendBatch(response: Response, status: 200 | 202, batch: BatchObject): void {
  response.setHeader('cache-control', 'private, no-cache');
  if (!isFinalBatch(batch.status)) response.setHeader('retry-after', String(POLL_AFTER_SECONDS));
  response.status(status).json(batch);
}
