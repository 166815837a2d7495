import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import type { Config } from '../../config.ts';
import { KtpflowError } from '../../errors.ts';
import { watchBody } from './body-watch.ts';
import { bodyTooLarge } from './errors.ts';
import { hasBody } from './has-body.ts';
import { refuseDepth } from './refuse-depth.ts';

const MEBIBYTE = 1024 * 1024;

/** What clients write for UTF-8, and for ASCII, which is a part of it. */
const UTF8_NAME = /;\s*charset\s*=\s*"?(utf_?8|(us-)?ascii)"?\s*(?=;|$)/i;

/** What clients write in Content-Encoding of a body that is not packed. */
const NOT_ENCODED: ReadonlySet<string> = new Set(['none', 'utf-8', 'utf8']);

/**
 * Reads a JSON body into `request.body`; anything else is 400 unsupported_media_type, above the cap 413.
 * @param inspect gets the bytes, for what a parsed number cannot tell
 */
export function jsonBody(
  config: Config,
  inspect?: (request: IncomingMessage, bytes: Buffer) => void,
): RequestHandler[] {
  const limit = config.MAX_JSON_MB * MEBIBYTE;
  const requireJson: RequestHandler = (request, _response, next) => {
    if (!request.is(['application/json', 'application/*+json'])) {
      throw new KtpflowError('unsupported_media_type', 'Send a JSON body with the content type application/json.');
    }
    const { headers } = request;
    headers['content-type'] = headers['content-type']?.replace(UTF8_NAME, '; charset=utf-8');
    const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
    if (encoding === 'x-gzip') headers['content-encoding'] = 'gzip';
    // Programs in Java and C# write the charset here.
    if (NOT_ENCODED.has(encoding)) delete headers['content-encoding'];
    next();
  };
  /** Bodies that would be read with other letters than were meant: curl on Windows sends its own code page. */
  const garbled = new WeakSet<IncomingMessage>();
  const json = express.json({
    limit,
    type: () => true,
    // Whether it is an object is the schema's to say.
    strict: false,
    verify: (request, _response, bytes, encoding) => {
      if (encoding === 'utf-8' && !isUtf8(bytes)) garbled.add(request);
      inspect?.(request, bytes);
    },
  });
  const parse: RequestHandler = (request, response, next) => {
    let settled = false;
    const settle = (error?: unknown) => {
      if (settled) return;
      settled = true;
      endWatch();
      next(error ?? (garbled.has(request) ? notUtf8() : undefined));
    };
    if (Number(request.headers['content-length']) > limit) throw bodyTooLarge(limit);
    // Without a body there is nothing to watch, and the parser is done at once.
    const endWatch = hasBody(request) ? watchBody(request, settle) : () => {};
    json(request, response, settle);
    // The parser says so as well, once the last byte of what it throws away has come: never, where it never does.
    let received = 0;
    request.on('data', (bytes: Buffer) => {
      received += bytes.length;
      if (received > limit) settle(bodyTooLarge(limit));
    });
  };
  return [requireJson, parse, refuseDepth];
}

function notUtf8(): KtpflowError {
  return new KtpflowError('invalid_json', 'The body is not UTF-8.');
}
