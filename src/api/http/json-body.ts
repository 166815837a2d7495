import express, { type RequestHandler } from 'express';
import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';

const MEBIBYTE = 1024 * 1024;

/** Reads a JSON body into `request.body`; anything else is 400 unsupported_media_type, above the cap 413. */
export function jsonBody(config: Config): RequestHandler[] {
  const requireJson: RequestHandler = (request, _response, next) => {
    if (!request.is(['application/json', 'application/*+json'])) {
      throw new KtpflowError('unsupported_media_type', 'Send a JSON body with the content type application/json.');
    }
    next();
  };
  const parse = express.json({
    limit: config.MAX_JSON_MB * MEBIBYTE,
    type: () => true,
    // Whether it is an object is the schema's to say.
    strict: false,
  });
  return [requireJson, parse];
}
