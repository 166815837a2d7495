import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import { watchBody } from './body-watch.ts';
import { hasBody } from './has-body.ts';
import { refuseDepth } from './refuse-depth.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Reads a JSON body into `request.body`; anything else is 400 unsupported_media_type, above the cap 413.
 * @param inspect gets the bytes, for what a parsed number cannot tell
 */
export function jsonBody(
  config: Config,
  inspect?: (request: IncomingMessage, bytes: Buffer) => void,
): RequestHandler[] {
  const requireJson: RequestHandler = (request, _response, next) => {
    if (!request.is(['application/json', 'application/*+json'])) {
      throw new KtpflowError('unsupported_media_type', 'Send a JSON body with the content type application/json.');
    }
    next();
  };
  const json = express.json({
    limit: config.MAX_JSON_MB * MEBIBYTE,
    type: () => true,
    // Whether it is an object is the schema's to say.
    strict: false,
    ...(inspect && { verify: (request, _response, bytes) => inspect(request, bytes) }),
  });
  const parse: RequestHandler = (request, response, next) => {
    let settled = false;
    const settle = (error?: unknown) => {
      if (settled) return;
      settled = true;
      endWatch();
      next(error);
    };
    // Without a body there is nothing to watch, and the parser is done at once.
    const endWatch = hasBody(request) ? watchBody(request, settle) : () => {};
    json(request, response, settle);
  };
  return [requireJson, parse, refuseDepth];
}
