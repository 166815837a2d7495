import { type Readable, Transform } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { Request } from 'express';
import { KtpflowError } from '../../errors.ts';
import { watchBody } from './body-watch.ts';
import { isEmptyFile } from './empty-file.ts';
import { recodePartNames } from './recode-part-names.ts';

/** Room for boundaries, part headers and text fields beside the file. */
const OVERHEAD_BYTES = 1024 * 1024;
const MAX_FIELD_BYTES = 64 * 1024;
const MAX_FIELDS = 32;
const MAX_FILES = 8;

export interface FormReader {
  readonly maxBodyBytes: number;
  readonly maxFileBytes: number;
  /** Parts of these names are text, whatever their headers say: clients send JSON as a Blob or as bytes. */
  readonly textFields: readonly string[];
  /** Longest text field. Default 64 KB. */
  readonly maxFieldBytes?: number;
  /** Default 8. */
  readonly maxFiles?: number;
  readonly tooLarge: () => KtpflowError;
  /**
   * Takes a file part while it arrives; must consume it. What it throws or rejects with ends the form at once.
   * `limit` is emitted on a file that is cut off at maxFileBytes.
   */
  readonly onFile: (name: string, file: FilePart, fileName: string | undefined) => Promise<unknown> | undefined;
  /** Waited for between two pieces of the body: keeps the sender waiting while too much is in hand. */
  readonly ready?: () => Promise<void>;
}

/** A file's content; `truncated` once it was cut off at maxFileBytes. */
export type FilePart = Readable & { truncated?: boolean };

/**
 * Reads multipart/form-data while it arrives. The first failure ends it at once, without waiting for the rest of the
 * body; it is thrown when everything that took a file has settled.
 * @returns text fields by name
 * @throws KtpflowError malformed_request, payload_too_large, request_timeout, invalid_value,
 * unsupported_content_encoding, and what onFile throws
 */
export async function readForm(request: Request, reader: FormReader): Promise<ReadonlyMap<string, string>> {
  const { maxBodyBytes, tooLarge, ready } = reader;
  refuseEncoding(request);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  let refuse = (_error: KtpflowError): void => {};
  const form = openForm(request, reader, () => refuse(withoutName()));
  const gate = new Transform({
    transform(bytes, _encoding, done) {
      if (!ready) return done(null, bytes);
      ready().then(() => done(null, bytes), done);
    },
  });
  const fields = new Map<string, string>();
  const open = new Set<Readable>();
  const taking: Promise<unknown>[] = [];
  let over = false;
  let endWatch = () => {};

  try {
    await new Promise<void>((resolve, reject) => {
      refuse = reject;
      let received = 0;
      endWatch = watchBody(request, reject);
      request.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received > maxBodyBytes) reject(tooLarge());
      });
      request.once('close', () => {
        if (!request.complete) reject(uploadInterrupted());
      });
      request.once('error', () => reject(uploadInterrupted()));
      gate.once('error', reject);

      form.on('file', (name, file: FilePart, fileName, encoding) => {
        // Also files that nobody wants fail with a cut body; without a listener that would end the process.
        file.on('error', () => reject(malformed()));
        // What had come already when the form was given up: nobody would ever end this file.
        if (over) {
          file.destroy();
          return;
        }
        if (isPacked(encoding)) reject(packedPart(encoding));
        open.add(file);
        file.once('close', () => open.delete(file));
        try {
          const taken = reader.onFile(name, file, fileName);
          if (!taken) return;
          taking.push(taken);
          taken.catch(reject);
        } catch (error) {
          file.resume();
          reject(error);
        }
      });
      form.on('field', (name, value, _nameTruncated, valueTruncated, encoding) => {
        if (valueTruncated) reject(fieldTooLarge(reader));
        else if (isPacked(encoding)) reject(packedPart(encoding));
        // Which of them is meant nobody can say.
        else if (fields.has(name) && reader.textFields.includes(name)) reject(sentTwice(name));
        else fields.set(name, value);
      });
      const tooMany = () => reject(tooManyParts(reader));
      form.on('fieldsLimit', tooMany).on('filesLimit', tooMany).on('partsLimit', tooMany);
      form.on('error', () => reject(malformed()));
      form.on('finish', resolve);
      request.pipe(gate).pipe(form);
    });
    await Promise.all(taking);
    return fields;
  } catch (error) {
    over = true;
    endWatch();
    request.unpipe(gate);
    for (const file of open) file.destroy(error instanceof Error ? error : undefined);
    await Promise.allSettled(taking);
    throw error;
  }
}

export interface FormOptions<Stored> {
  /** Name of the one file field that is wanted; other files are read and thrown away. */
  readonly fileField: string;
  /** Names of the text fields that are wanted. */
  readonly textFields: readonly string[];
  readonly maxFileBytes: number;
  /** Takes the file while it arrives; must consume or destroy it. */
  readonly store: (file: Readable) => Promise<Stored>;
  /** Removes what `store` made, when the form fails later on. */
  readonly discard: (stored: Stored) => Promise<void>;
  readonly tooLarge: () => KtpflowError;
}

export interface ReceivedForm<Stored> {
  readonly file: Stored | undefined;
  /** Text fields by name. */
  readonly fields: ReadonlyMap<string, string>;
  /** Names of the files that were thrown away. */
  readonly otherFiles: readonly string[];
}

/**
 * Reads multipart/form-data with at most one file, which streams to `store` while it arrives; fields may stand before
 * or after it.
 * @throws KtpflowError as readForm, invalid_value for a second file, and what `store` throws
 */
export async function receiveForm<Stored>(
  request: Request,
  options: FormOptions<Stored>,
): Promise<ReceivedForm<Stored>> {
  const { fileField, textFields, maxFileBytes, store, discard, tooLarge } = options;
  const otherFiles: string[] = [];
  let storing: Promise<Stored> | undefined;
  const take = (file: FilePart): Promise<unknown> => {
    if (storing) throw new KtpflowError('invalid_value', 'Send only one file.', { param: fileField });
    const limit = new Promise<never>((_resolve, reject) => file.once('limit', () => reject(tooLarge())));
    storing = store(file);
    return Promise.race([storing, limit]);
  };
  try {
    const fields = await readForm(request, {
      maxBodyBytes: maxFileBytes + OVERHEAD_BYTES,
      maxFileBytes,
      textFields,
      tooLarge,
      onFile: (name, file, fileName) => {
        if (name === fileField) return fileName ? take(file) : takeUnlessEmpty(file, () => take(file));
        otherFiles.push(name);
        file.resume();
        return undefined;
      },
    });
    return { file: await storing, fields, otherFiles };
  } catch (error) {
    const stored = await storing?.catch(() => undefined);
    if (stored !== undefined) await discard(stored);
    throw error;
  }
}

/**
 * Takes a file that has no name, unless it has no bytes either: browsers send such a part for an input in which nothing
 * was chosen.
 * @returns undefined where there was nothing
 */
export async function takeUnlessEmpty<Taken>(file: FilePart, take: () => Promise<Taken>): Promise<Taken | undefined> {
  if (!(await isEmptyFile(file))) return take();
  file.resume();
  return undefined;
}

function openForm(
  request: Request,
  { maxFileBytes, maxFieldBytes = MAX_FIELD_BYTES, maxFiles = MAX_FILES, textFields }: FormReader,
  onUnnamed: () => void,
) {
  try {
    const form = new Busboy({
      headers: request.headers as BusboyHeaders,
      // Nothing is ever written under a caller's name: a folder in it says where the file was.
      preservePath: true,
      // A part with an image's type is a file also where the client gave it no name.
      isPartAFile: (name, type, fileName) =>
        !(name !== undefined && textFields.includes(name)) &&
        (fileName !== undefined || type === 'application/octet-stream' || (type ?? '').startsWith('image/')),
      limits: {
        fileSize: maxFileBytes,
        fieldSize: maxFieldBytes,
        files: maxFiles,
        fields: MAX_FIELDS,
        parts: maxFiles + MAX_FIELDS,
        headerSize: 16_384,
      },
    });
    recodePartNames(form, onUnnamed);
    return form;
  } catch {
    const type = request.headers['content-type'] ?? '';
    throw /;\s*boundary\s*=/i.test(type) ? malformed() : withoutBoundary();
  }
}

/** Nothing unpacks a form: what it holds is packed already. */
function refuseEncoding(request: Request): void {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return;
  const named = /^[\w-]{1,20}$/.test(encoding) ? ` ${encoding}` : '';
  throw new KtpflowError('unsupported_content_encoding', `Send the form without the Content-Encoding${named}.`);
}

/** Parts in base64 or quoted-printable, as in mail: RFC 7578, 4.7 has no such any more. */
function isPacked(encoding: string): boolean {
  return /^(base64|quoted-printable|x-uuencode)$/i.test(encoding.trim());
}

function packedPart(encoding: string): KtpflowError {
  const named = encoding.trim().toLowerCase();
  return new KtpflowError('unsupported_content_encoding', `Send parts without Content-Transfer-Encoding: ${named}.`);
}

function sentTwice(name: string): KtpflowError {
  return new KtpflowError('invalid_value', 'Send this field only once.', { param: name });
}

function withoutName(): KtpflowError {
  const message = 'A part of the form has no name. Each one needs Content-Disposition: form-data; name="…".';
  return new KtpflowError('malformed_request', message);
}

function withoutBoundary(): KtpflowError {
  const message = 'The content type of the form names no boundary. Let your client set this header by itself.';
  return new KtpflowError('malformed_request', message);
}

function fieldTooLarge({ maxFieldBytes = MAX_FIELD_BYTES }: FormReader): KtpflowError {
  const limit = `${Math.floor(maxFieldBytes / 1024)} KB`;
  return new KtpflowError('payload_too_large', `Text fields of a form must not exceed ${limit}.`);
}

function tooManyParts({ maxFiles = MAX_FILES }: FormReader): KtpflowError {
  return new KtpflowError('invalid_value', `Forms must not exceed ${maxFiles} files and ${MAX_FIELDS} text fields.`);
}

function malformed(): KtpflowError {
  return new KtpflowError('malformed_request', 'The body is not valid multipart/form-data.');
}

export function uploadInterrupted(): KtpflowError {
  return new KtpflowError('malformed_request', 'The upload was interrupted.');
}
