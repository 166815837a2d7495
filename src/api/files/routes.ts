import type { Express, RequestHandler, Response } from 'express';
import { KtpflowError } from '../../errors.ts';
import { fileName, findFile } from '../../storage/files.ts';
import { type AccessAction, accessLogRow } from '../access/access-log.ts';
import { requireScope } from '../access/authentication.ts';
import { gateUploads } from '../access/upload-gate.ts';
import type { RouteContext } from '../context.ts';
import { route } from '../http/methods.ts';
import { openAiPageQuery, toOpenAiPage } from '../http/openai-pagination.ts';
import { callerOf, requesterOf } from '../http/request-state.ts';
import { sendStream } from '../http/send-stream.ts';
import { idempotencyHash } from '../intake/idempotency.ts';
import { discardImage } from '../intake/image-upload.ts';
import { receiveFile } from './receive.ts';
import { FILES_PATH, fileListQuerySchema, renderFile } from './schemas.ts';

type FilesContext = Pick<
  RouteContext,
  'accessLog' | 'authenticator' | 'blobs' | 'config' | 'database' | 'keyring' | 'logger' | 'uploads'
>;

type ById = RequestHandler<{ id: string }>;

/** Files as the OpenAI API has them: handing in, listing, reading, deleting. */
export function files(app: Express, context: FilesContext): void {
  const { accessLog, authenticator, blobs, config, database, keyring } = context;
  const scope = requireScope(authenticator, 'chat', 'extract');
  const access = (response: Response, action: AccessAction, subject: string) => ({
    ...requesterOf(response),
    action,
    subject,
  });
  const find = (response: Response, id: string) => findFile(database, callerOf(response).tenant, id);

  const create: RequestHandler = async (request, response) => {
    if (!request.is('multipart/form-data')) {
      throw new KtpflowError('unsupported_media_type', 'Send the file as multipart/form-data.');
    }
    const { caller, requestId } = requesterOf(response);
    const keyHash = idempotencyHash(keyring, request, caller, FILES_PATH);
    const id = await receiveFile(context, request, { caller, requestId, idempotencyHash: keyHash });
    response.json(renderFile(context, await find(response, id)));
  };

  const list: RequestHandler = async (request, response) => {
    const { purpose, ...page } = fileListQuerySchema.parse(request.query);
    const { where, ...query } = openAiPageQuery(page);
    const { tenant } = callerOf(response);
    const rows = await database.storedFile.findMany({
      where: { ...where, tenant, expiresAt: { gt: new Date() }, ...(purpose !== undefined && { purpose }) },
      ...query,
    });
    response.json(
      toOpenAiPage(
        rows.map((row) => renderFile(context, row)),
        page.limit,
      ),
    );
  };

  const read: ById = async (request, response) => {
    response.json(renderFile(context, await find(response, request.params.id)));
  };

  const content: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    const source = await blobs.read(row.blob);
    try {
      await accessLog.write(access(response, 'file.read', row.id));
    } catch (error) {
      source.destroy();
      throw error;
    }
    response.attachment(fileName(keyring, row));
    // What it is, is the caller's business; a browser is to save it, whatever its name says.
    response.setHeader('content-type', 'application/octet-stream');
    response.setHeader('content-length', String(row.bytes));
    response.setHeader('cache-control', 'private, no-store');
    await sendStream(response, source);
  };

  const erase: ById = async (request, response) => {
    const row = await find(response, request.params.id);
    // The row goes first: with it goes the data key, and what is left of the blob cannot be read.
    await database.$transaction([
      database.storedFile.deleteMany({ where: { id: row.id } }),
      database.accessLogEntry.create({ data: accessLogRow(access(response, 'file.delete', row.id)) }),
    ]);
    await discardImage(context, row.blob);
    response.json({ id: row.id, object: 'file', deleted: true });
  };

  const byId = (handler: ById): RequestHandler[] => [scope, handler as RequestHandler];
  route(app, FILES_PATH, { post: [scope, gateUploads(context, config.MAX_UPLOAD_MB), create], get: [scope, list] });
  route(app, `${FILES_PATH}/:id`, { get: byId(read), delete: byId(erase) });
  route(app, `${FILES_PATH}/:id/content`, { get: byId(content) });
}
