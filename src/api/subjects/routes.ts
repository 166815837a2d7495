import type { Express, RequestHandler } from 'express';
import type { z } from 'zod';
import type { Database } from '../../storage/database.ts';
import type { Prisma } from '../../storage/generated/client.ts';
import { subjectRecords } from '../../storage/subject-records.ts';
import { requireScope } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { jsonBody } from '../http/json-body.ts';
import { route } from '../http/methods.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { pageBehind, readCursor } from '../http/pagination.ts';
import { requesterOf } from '../http/request-state.ts';
import { begun, sendStream } from '../http/send-stream.ts';
import { describeRecords, renderEntry } from './describe-records.ts';
import { accessLogQuerySchema, searchSchema } from './schemas.ts';

export const SUBJECTS_PATH = '/v1/admin/subjects/search';
export const ACCESS_LOG_PATH = '/v1/admin/access-log';

const DEFAULT_LIMIT = 20;
const EXPORT_PAGE = 1000;

type SubjectsContext = Pick<RouteContext, 'accessLog' | 'authenticator' | 'config' | 'database' | 'keyring'>;

/** What an administrator answers a data subject's request from, and an auditor's. */
export function subjects(app: Express, context: SubjectsContext): void {
  const { accessLog, authenticator, config, database, keyring } = context;
  const scope = requireScope(authenticator, 'admin');

  const search: RequestHandler = async (request, response) => {
    const { cursor, limit, nik, tenant } = searchSchema.parse(request.body);
    const nikHash = keyring.subjectHash(nik);
    const most = limit ?? DEFAULT_LIMIT;
    const before = typeof cursor === 'string' ? entryBehind(cursor) : undefined;
    const rows = await subjectRecords(database, { nikHash, tenant: tenant ?? undefined }, before, most + 1);
    const data = await describeRecords(database, rows.slice(0, most));
    await accessLog.write({
      ...requesterOf(response),
      action: 'subject.search',
      subject: `subject_${nikHash.slice(0, 32)}`,
    });
    response.setHeader('cache-control', 'no-store');
    response.json({ ...pageBehind(rows, most, ({ id }) => String(id)), data });
  };

  /** The access log: as JSON lines, oldest first, for archives and for systems that watch it, or page by page. */
  const readLog: RequestHandler = async (request, response) => {
    const query = parseOwnQuery(accessLogQuerySchema, request);
    const where = whereLogged(query);
    response.setHeader('cache-control', 'no-store');
    if (query.format === 'list') return void response.json(await listLog(database, where, query));
    const all = await begun(accessLogLines(database, where));
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    await sendStream(response, all);
  };

  route(app, SUBJECTS_PATH, { post: [scope, ...jsonBody(config), search] });
  route(app, ACCESS_LOG_PATH, { get: [scope, readLog] });
}

type LogQuery = z.infer<typeof accessLogQuerySchema>;

function whereLogged({ action, key, record, since, until }: LogQuery): Prisma.AccessLogEntryWhereInput {
  const at = { ...(since && { gte: new Date(since) }), ...(until && { lt: new Date(until) }) };
  return {
    at,
    ...(record !== undefined && { subject: record }),
    ...(key !== undefined && { actor: key }),
    ...(action !== undefined && { action }),
  };
}

/** A page of the access log, newest first. @throws KtpflowError invalid_value for a bad cursor */
async function listLog(database: Database, where: Prisma.AccessLogEntryWhereInput, { cursor, limit }: LogQuery) {
  const rows = await database.accessLogEntry.findMany({
    where: { AND: [where, cursor === undefined ? {} : { id: { lt: entryBehind(cursor) } }] },
    orderBy: { id: 'desc' },
    take: limit + 1,
  });
  return { ...pageBehind(rows, limit, ({ id }) => String(id)), data: rows.slice(0, limit).map(renderEntry) };
}

function entryBehind(cursor: string): bigint {
  return BigInt(readCursor(cursor, /^(\d{1,18})$/)[0] ?? 0);
}

async function* accessLogLines(database: Database, where: Prisma.AccessLogEntryWhereInput): AsyncGenerator<string> {
  for (let after = 0n; ; ) {
    const rows = await database.accessLogEntry.findMany({
      where: { AND: [where, { id: { gt: after } }] },
      orderBy: { id: 'asc' },
      take: EXPORT_PAGE,
    });
    for (const row of rows) yield `${JSON.stringify(renderEntry(row))}\n`;
    const last = rows.at(-1);
    if (rows.length < EXPORT_PAGE || !last) return;
    after = last.id;
  }
}
