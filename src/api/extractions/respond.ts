import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { type ExtractionJob, isFinal, POLL_AFTER_SECONDS, POLL_REVIEW_AFTER_SECONDS } from './job-schema.ts';

/** Sends a job with its ETag, and Retry-After until it is final; 304 where the caller has it already. */
export function sendJob(request: Request, response: Response, status: 200 | 202, job: ExtractionJob): void {
  const body = JSON.stringify(job);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  response.setHeader('etag', etag);
  // Personal data: a cache may keep it for its own caller only, and has to ask each time.
  response.setHeader('cache-control', 'private, no-cache');
  if (!isFinal(job.status)) {
    const seconds = job.status === 'needs_review' ? POLL_REVIEW_AFTER_SECONDS : POLL_AFTER_SECONDS;
    response.setHeader('retry-after', String(seconds));
  }
  if (request.method === 'GET' && matches(request.get('if-none-match'), etag)) {
    response.status(304).end();
    return;
  }
  response.status(status).type('application/json').send(body);
}

function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
