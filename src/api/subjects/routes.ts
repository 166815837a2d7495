import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Express, RequestHandler } from 'express';
import { KtpflowError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { subjectRecords } from '../../storage/subject-records.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { isPrematureClose } from '../http/premature-close.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { describeRecords, renderAccess } from './describe-records.ts';
import { accessLogQuerySchema, searchSchema } from './schemas.ts';

export const SUBJECTS_PATH = '/v1/admin/subjects/search';
export const ACCESS_LOG_PATH = '/v1/admin/access-log';

const DEFAULT_LIMIT = 20;
const EXPORT_PAGE = 1000;

/** What an administrator answers a data subject's request from, and an auditor's. */
export function subjects(app: Express, context: RouteContext): void {
  const { accessLog, authenticator, config, database, keyring } = context;
  const scope = requireScope(authenticator, 'admin');

  const search: RequestHandler = async (request, response) => {
    const { cursor, limit, nik, tenant } = searchSchema.parse(request.body);
    const nikHash = keyring.subjectHash(nik);
    const most = limit ?? DEFAULT_LIMIT;
    const before = typeof cursor === 'string' ? decodeCursor(cursor) : undefined;
    const rows = await subjectRecords(database, { nikHash, tenant: tenant ?? undefined }, before, most + 1);
    const shown = rows.slice(0, most);
    const last = rows.length > most ? shown.at(-1) : undefined;
    const data = await describeRecords(database, shown);
    await accessLog.write({
      caller: callerOf(response),
      action: 'subject.search',
      subject: `subject_${nikHash.slice(0, 32)}`,
      requestId: requestState(response).loggedId,
    });
    response.setHeader('cache-control', 'no-store');
    response.json({
      object: 'list',
      data,
      has_more: last !== undefined,
      next_cursor: last ? encodeCursor(last.id) : null,
    });
  };

  /** The access log as JSON lines, oldest first, for archives and for systems that watch it. */
  const exportLog: RequestHandler = async (request, response) => {
    const { record, since, until } = accessLogQuerySchema.parse(request.query);
    const at = { ...(since && { gte: new Date(since) }), ...(until && { lt: new Date(until) }) };
    const lines = accessLogLines(database, { at, ...(record !== undefined && { subject: record }) });
    // Read before the headers go out: what fails at once is still a proper error.
    const first = await lines.next();
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    response.setHeader('cache-control', 'no-store');
    try {
      await pipeline(Readable.from(first.done ? [] : continued(first.value, lines)), response);
    } catch (error) {
      if (!isPrematureClose(error)) throw error;
    }
  };

  route(app, SUBJECTS_PATH, { post: [scope, ...jsonBody(config), search] });
  route(app, ACCESS_LOG_PATH, { get: [scope, exportLog] });
}

async function* accessLogLines(database: Database, where: object): AsyncGenerator<string> {
  for (let after = 0n; ; ) {
    const rows = await database.accessLogEntry.findMany({
      where: { ...where, id: { gt: after } },
      orderBy: { id: 'asc' },
      take: EXPORT_PAGE,
    });
    for (const row of rows) yield `${JSON.stringify({ ...renderAccess(row), tenant: row.tenant })}\n`;
    const last = rows.at(-1);
    if (rows.length < EXPORT_PAGE || !last) return;
    after = last.id;
  }
}

async function* continued(first: string, rest: AsyncGenerator<string>) {
  yield first;
  yield* rest;
}

function encodeCursor(id: bigint): string {
  return Buffer.from(String(id)).toString('base64url');
}

function decodeCursor(cursor: string): bigint {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (!/^\d{1,18}$/.test(text))
    throw new KtpflowError('invalid_value', 'The cursor is not valid.', { param: 'cursor' });
  return BigInt(text);
}
