import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An S3 server in memory that knows what the blob store asks for: objects with ranges, multipart uploads, listings.
 * Credentials are not checked. deploy/local-cluster runs the same tests against versitygw.
 */
export interface S3Server {
  readonly endpoint: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly uploads: ReadonlyMap<string, unknown>;
  /** Answers that a fault replaces: the next requests of that method get this status. */
  fail(method: string, status: number, times: number): void;
  close(): Promise<void>;
}

/** Fewer than S3's thousand, so that a few make more than one page. */
const UPLOADS_A_PAGE = 2;

interface PendingUpload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
  readonly startedAt: Date;
}

interface StoredObject {
  readonly bytes: Buffer;
  readonly at: Date;
}

export async function startS3Server(bucket: string): Promise<S3Server> {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, PendingUpload>();
  const faults = new Map<string, { status: number; times: number }>();

  const server = createServer(async (request, response) => {
    const fault = faults.get(request.method ?? '');
    const body = await bodyOf(request);
    if (fault && fault.times > 0) {
      fault.times--;
      return xml(response, fault.status, '<Error><Code>InternalError</Code></Error>');
    }
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, named = '', ...rest] = url.pathname.split('/');
    if (named !== bucket) return xml(response, 404, '<Error><Code>NoSuchBucket</Code></Error>');
    return answer(request, response, { key: decodeURIComponent(rest.join('/')), query: url.searchParams, body });
  });

  const answer = (
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    { key, query, body }: { key: string; query: URLSearchParams; body: Buffer },
  ): ServerResponse => {
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (method === 'HEAD') return response.writeHead(200).end();
    if (method === 'GET' && key === '' && query.has('uploads')) return xml(response, 200, listUploads(query));
    if (method === 'GET' && key === '') return xml(response, 200, listObjects(query));
    if (method === 'POST' && query.has('uploads')) {
      const id = randomBytes(8).toString('hex');
      uploads.set(id, { key, parts: new Map(), startedAt: new Date() });
      return xml(
        response,
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (method === 'POST' && upload) {
      const bytes = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
      objects.set(key, { bytes, at: new Date() });
      uploads.delete(query.get('uploadId') ?? '');
      return xml(response, 200, '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>');
    }
    if (method === 'PUT') {
      if (upload) upload.parts.set(Number(query.get('partNumber')), body);
      else objects.set(key, { bytes: body, at: new Date() });
      return response.writeHead(200, { etag: '"1"' }).end();
    }
    if (method === 'DELETE') {
      if (query.has('uploadId')) uploads.delete(query.get('uploadId') ?? '');
      else objects.delete(key);
      return response.writeHead(204).end();
    }
    const object = objects.get(key);
    if (!object) return xml(response, 404, '<Error><Code>NoSuchKey</Code></Error>');
    return sendRange(response, object.bytes, headers.range);
  };

  const listObjects = (query: URLSearchParams): string => {
    const after = query.get('start-after') ?? '';
    const contents = [...objects]
      .filter(([key]) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { at }]) => `<Contents><Key>${key}</Key><LastModified>${at.toISOString()}</LastModified></Contents>`);
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
  };

  const listUploads = (query: URLSearchParams): string => {
    const after = query.get('key-marker') ?? '';
    const listed = [...uploads]
      .filter(([, { key }]) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .sort(([, a], [, b]) => (a.key < b.key ? -1 : 1));
    const page = listed.slice(0, UPLOADS_A_PAGE);
    const each = page.map(
      ([id, { key, startedAt }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${startedAt.toISOString()}</Initiated></Upload>`,
    );
    const last = page.length < listed.length ? page.at(-1) : undefined;
    const markers = last && `<NextKeyMarker>${last[1].key}</NextKeyMarker>`;
    return `<ListMultipartUploadsResult><IsTruncated>${last !== undefined}</IsTruncated>${markers ?? ''}${each.join('')}</ListMultipartUploadsResult>`;
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get objects() {
      return new Map([...objects].map(([key, { bytes }]) => [key, bytes]));
    },
    uploads,
    fail: (method, status, times) => void faults.set(method, { status, times }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function sendRange(response: ServerResponse, bytes: Buffer, range: string | undefined): ServerResponse {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first === undefined) return response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  const part = bytes.subarray(Number(first), Number(last) + 1);
  const contentRange = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
  return response.writeHead(206, { 'content-length': part.length, 'content-range': contentRange }).end(part);
}

function xml(response: ServerResponse, status: number, body: string): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);
}
