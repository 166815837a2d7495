import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { Request } from 'express';
import { KtpflowError } from '../errors.ts';

/** Longest pause between two bytes of an upload. */
const STALL_MS = 30_000;
/** Room for boundaries, part headers and text fields beside the file. */
const OVERHEAD_BYTES = 1024 * 1024;
const MAX_FIELD_BYTES = 64 * 1024;

export interface FormOptions<Stored> {
  /** Name of the one file field that is wanted; other files are read and thrown away. */
  readonly fileField: string;
  readonly maxFileBytes: number;
  /** Takes the file while it arrives; must consume or destroy it. */
  readonly store: (file: Readable) => Promise<Stored>;
  /** Removes what `store` made, when the form fails later on. */
  readonly discard: (stored: Stored) => Promise<void>;
  readonly tooLarge: () => KtpflowError;
}

export interface ReceivedForm<Stored> {
  readonly file: Stored | undefined;
  /** Text fields by name; the last of a name wins. */
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads multipart/form-data with at most one file, which streams to `store` while it arrives; fields may stand before
 * or after it. The first failure ends it at once, without waiting for the rest of the body.
 * @throws KtpflowError malformed_request, payload_too_large, request_timeout, invalid_value (a second file), and what
 * `store` throws
 */
export async function receiveForm<Stored>(
  request: Request,
  options: FormOptions<Stored>,
): Promise<ReceivedForm<Stored>> {
  const maxBodyBytes = options.maxFileBytes + OVERHEAD_BYTES;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw options.tooLarge();
  const form = openForm(request, options.maxFileBytes);
  const fields = new Map<string, string>();
  let storing: Promise<Stored> | undefined;
  let openFile: Readable | undefined;

  try {
    await new Promise<void>((resolve, reject) => {
      let received = 0;
      const stalled = () => reject(new KtpflowError('request_timeout', 'The upload stopped in the middle.'));
      let stall = setTimeout(stalled, STALL_MS);
      request.on('data', (bytes: Buffer) => {
        received += bytes.length;
        clearTimeout(stall);
        stall = setTimeout(stalled, STALL_MS);
        if (received > maxBodyBytes) reject(options.tooLarge());
      });
      request.once('end', () => clearTimeout(stall));
      request.once('close', () => {
        clearTimeout(stall);
        if (!request.complete) reject(brokenOff());
      });
      request.once('error', () => reject(brokenOff()));

      form.on('file', (name, file) => {
        // Also files that nobody wants fail with a cut body; without a listener that would end the process.
        file.on('error', () => reject(malformed()));
        if (name !== options.fileField) return void file.resume();
        if (storing) return void reject(secondFile(options.fileField, file));
        openFile = file;
        file.once('limit', () => reject(options.tooLarge()));
        storing = options.store(file);
        storing.catch(reject);
      });
      form.on('field', (name, value, _nameTruncated, valueTruncated) => {
        if (valueTruncated) reject(new KtpflowError('payload_too_large', 'A form field is too large.'));
        else fields.set(name, value);
      });
      const tooMany = () => reject(new KtpflowError('invalid_value', 'The form has too many parts.'));
      form.on('fieldsLimit', tooMany).on('filesLimit', tooMany).on('partsLimit', tooMany);
      form.on('error', () => reject(malformed()));
      form.on('finish', resolve);
      request.pipe(form);
    });
    return { file: await storing, fields };
  } catch (error) {
    request.unpipe(form);
    openFile?.destroy(error instanceof Error ? error : undefined);
    const stored = await storing?.catch(() => undefined);
    if (stored !== undefined) await options.discard(stored);
    throw error;
  }
}

function openForm(request: Request, maxFileBytes: number) {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      // A part with an image's type is a file also where the client gave it no name.
      isPartAFile: (_name, type, fileName) =>
        fileName !== undefined || type === 'application/octet-stream' || (type ?? '').startsWith('image/'),
      limits: {
        fileSize: maxFileBytes,
        fieldSize: MAX_FIELD_BYTES,
        files: 8,
        fields: 32,
        parts: 40,
        headerSize: 16_384,
      },
    });
  } catch {
    throw malformed();
  }
}

function malformed(): KtpflowError {
  return new KtpflowError('malformed_request', 'The body is not valid multipart/form-data.');
}

function brokenOff(): KtpflowError {
  return new KtpflowError('malformed_request', 'The upload broke off.');
}

function secondFile(field: string, file: Readable): KtpflowError {
  file.resume();
  return new KtpflowError('invalid_value', 'Send one file, not several.', { param: field });
}
