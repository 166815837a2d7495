import type { Request, RequestHandler } from 'express';
import type { Config } from '../../config.ts';
import type { RouteContext } from '../context.ts';
import { callerOf } from '../http/request-state.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Holds the bytes that a request announces, until they are in: many slow uploads of one tenant neither fill the disk
 * nor keep the others out. What comes without a length counts as much as it may have.
 * @param maximumMegabytes the most that a body of this route may have
 */
export function gateUploads({ uploads }: Pick<RouteContext, 'uploads'>, maximumMegabytes: number): RequestHandler {
  return (request, response, next) => {
    const bytes = announcedBytes(request, maximumMegabytes * MEBIBYTE);
    const leave = uploads.enter(callerOf(response).tenant, bytes);
    for (const end of ['end', 'close', 'error']) request.once(end, leave);
    next();
  };
}

/** Bytes of all uploads that are being received at a time: a few of the largest, or many hundred pictures. */
export function uploadLimitBytes({ MAX_IMAGE_MB, MAX_JSON_MB, MAX_UPLOAD_MB }: Config): number {
  return 4 * Math.max(MAX_IMAGE_MB, MAX_JSON_MB, MAX_UPLOAD_MB) * MEBIBYTE;
}

function announcedBytes(request: Request, maximumBytes: number): number {
  const length = request.headers['content-length'];
  // Longer bodies are refused by who reads them.
  return length === undefined ? maximumBytes : Math.min(Number(length), maximumBytes);
}
