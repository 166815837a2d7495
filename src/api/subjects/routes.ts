import type { Express, RequestHandler } from 'express';
import type { Database } from '../../storage/database.ts';
import { subjectRecords } from '../../storage/subject-records.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { pageBehind, readCursor } from '../http/pagination.ts';
import { callerOf, requestState } from '../http/request-state.ts';
import { begun, sendStream } from '../http/send-stream.ts';
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
    const before = typeof cursor === 'string' ? BigInt(readCursor(cursor, /^(\d{1,18})$/)[0] ?? 0) : undefined;
    const rows = await subjectRecords(database, { nikHash, tenant: tenant ?? undefined }, before, most + 1);
    const data = await describeRecords(database, rows.slice(0, most));
    await accessLog.write({
      caller: callerOf(response),
      action: 'subject.search',
      subject: `subject_${nikHash.slice(0, 32)}`,
      requestId: requestState(response).loggedId,
    });
    response.setHeader('cache-control', 'no-store');
    response.json({ ...pageBehind(rows, most, ({ id }) => String(id)), data });
  };

  /** The access log as JSON lines, oldest first, for archives and for systems that watch it. */
  const exportLog: RequestHandler = async (request, response) => {
    const { record, since, until } = accessLogQuerySchema.parse(request.query);
    const at = { ...(since && { gte: new Date(since) }), ...(until && { lt: new Date(until) }) };
    const lines = accessLogLines(database, { at, ...(record !== undefined && { subject: record }) });
    const all = await begun(lines);
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    response.setHeader('cache-control', 'no-store');
    await sendStream(response, all);
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
