import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pruneAccessLog } from '../../../src/activities/retention/prune-access-log.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';

let pglite: PGlite;
let database: Database;
beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
});
afterAll(() => returnMemoryDatabase(pglite));

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
const entry = (days: number) => ({
  tenant: 'a',
  actor: 'b',
  action: 'extraction.read',
  subject: `${days}`,
  at: daysAgo(days),
});
const subjects = async () =>
  (await database.accessLogEntry.findMany({ orderBy: { at: 'desc' } })).map((row) => row.subject);

describe('the access log', () => {
  it('does not grow for ever: what is older than the policy goes', async () => {
    await database.accessLogEntry.createMany({ data: [0, 29, 31, 399, 401, 5_000].map(entry) });
    expect(await pruneAccessLog(database, 400)).toBe(2);
    expect(await subjects()).toEqual(['0', '29', '31', '399']);
    expect(await pruneAccessLog(database, 400)).toBe(0);
  });

  it('keeps the entries of the last 30 days, whoever deletes or changes them', async () => {
    await pruneAccessLog(database, 0);
    expect(await subjects()).toEqual(['0', '29']);
    await database.$executeRawUnsafe('DELETE FROM access_log');
    await database.$executeRawUnsafe("UPDATE access_log SET at = at - INTERVAL '90 days', actor = 'nobody'");
    await pruneAccessLog(database, 0);
    expect(await subjects()).toEqual(['0', '29']);
    expect(await database.accessLogEntry.count({ where: { actor: 'b' } })).toBe(2);
  });
});
