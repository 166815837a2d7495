import type { z } from 'zod';
import type { Database } from '../../storage/database.ts';
import type { AccessLogEntry, SubjectRecord } from '../../storage/generated/client.ts';
import { ERASURES_PATH } from '../erasures/certificate.ts';
import type { accessLogEntrySchema, subjectRecordSchema } from './schemas.ts';

const MOST_ACCESSES = 1000;

/** What is known of some records of a person: whether they are kept, who has seen them when, when they were erased. */
export async function describeRecords(
  database: Database,
  rows: readonly SubjectRecord[],
): Promise<z.infer<typeof subjectRecordSchema>[]> {
  const records = rows.map(({ record }) => record);
  const subjects = rows.flatMap(({ batch, record }) => (batch === null ? [record] : [record, batch]));
  const [extractions, answers, erasures] = await Promise.all([
    database.extraction.findMany({ where: { id: { in: records } }, select: { id: true, expiresAt: true } }),
    database.chatGeneration.findMany({ where: { id: { in: records } }, select: { id: true, expiresAt: true } }),
    database.erasure.findMany({ where: { record: { in: subjects } }, select: { record: true } }),
  ]);
  const kept = new Map([...extractions, ...answers].map(({ expiresAt, id }) => [id, expiresAt]));
  const certified = new Set(erasures.map(({ record }) => record));
  return Promise.all(
    rows.map(async ({ batch, createdAt, erasedAt, kind, record, tenant }) => {
      const accesses = await database.accessLogEntry.findMany({
        where: { subject: { in: batch === null ? [record] : [record, batch] } },
        orderBy: { id: 'asc' },
        take: MOST_ACCESSES + 1,
      });
      const certificate = [record, batch].find((id) => id !== null && certified.has(id));
      return {
        record,
        kind: kind === 'answer' ? ('answer' as const) : ('extraction' as const),
        tenant,
        batch_id: batch,
        created_at: createdAt.toISOString(),
        status: kept.has(record) ? ('kept' as const) : ('erased' as const),
        expires_at: kept.get(record)?.toISOString() ?? null,
        erased_at: erasedAt?.toISOString() ?? null,
        certificate: certificate ? `${ERASURES_PATH}/${certificate}` : null,
        accesses: accesses.slice(0, MOST_ACCESSES).map(renderAccess),
        accesses_truncated: accesses.length > MOST_ACCESSES,
      };
    }),
  );
}

/** An entry of the access log, of a known record. */
function renderAccess({ action, actor, at, requestId, subject }: AccessLogEntry) {
  return { at: at.toISOString(), action, key: actor, record: subject, request_id: requestId };
}

/** The same where it is not clear whose the record is. */
export function renderEntry(entry: AccessLogEntry): z.infer<typeof accessLogEntrySchema> {
  return { ...renderAccess(entry), tenant: entry.tenant };
}
