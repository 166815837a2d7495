import type { Database } from './database.ts';
import type { SubjectRecord } from './generated/client.ts';

/**
 * Which records concern which person, by the keyed hash of the NIK: what a data subject's request is answered from.
 * Rows are written with the result that they are about, and outlive it.
 */

/** Whose record something is. */
export interface SubjectLink {
  readonly nikHash: string;
  /** Id of the extraction or the answer. */
  readonly record: string;
}

/** Notes whom these extractions concern; once, however often it is called. One that is gone is left out. */
export async function linkExtractions(
  database: Pick<Database, '$executeRaw'>,
  links: readonly SubjectLink[],
): Promise<void> {
  if (links.length === 0) return;
  const { hashes, records } = columnsOf(links);
  await database.$executeRaw`
    INSERT INTO "subject_records" ("nik_hash", "tenant", "kind", "record", "batch")
    SELECT link."nik_hash", kept."tenant", 'extraction', kept."id", kept."batch_id"
    FROM unnest(${hashes}::text[], ${records}::text[]) AS link("nik_hash", "record")
    JOIN "extractions" AS kept ON kept."id" = link."record"
    ON CONFLICT ("nik_hash", "record") DO NOTHING`;
}

/** The same for the answers of chat sessions. */
export async function linkAnswers(database: Database, links: readonly SubjectLink[]): Promise<void> {
  if (links.length === 0) return;
  const { hashes, records } = columnsOf(links);
  await database.$executeRaw`
    INSERT INTO "subject_records" ("nik_hash", "tenant", "kind", "record")
    SELECT link."nik_hash", kept."tenant", 'answer', kept."id"
    FROM unnest(${hashes}::text[], ${records}::text[]) AS link("nik_hash", "record")
    JOIN "chat_generations" AS kept ON kept."id" = link."record"
    ON CONFLICT ("nik_hash", "record") DO NOTHING`;
}

function columnsOf(links: readonly SubjectLink[]): { hashes: string[]; records: string[] } {
  return { hashes: links.map(({ nikHash }) => nikHash), records: links.map(({ record }) => record) };
}

/** A person's records, newest first, from before that row on. */
export function subjectRecords(
  database: Database,
  { nikHash, tenant }: { readonly nikHash: string; readonly tenant: string | undefined },
  before: bigint | undefined,
  limit: number,
): Promise<SubjectRecord[]> {
  return database.subjectRecord.findMany({
    where: { nikHash, ...(tenant !== undefined && { tenant }), ...(before !== undefined && { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
  });
}
