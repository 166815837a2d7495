import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/api/access/caller.ts';
import { listExtractions, listQuerySchema } from '../../../src/api/extractions/list.ts';
import { settleJob } from '../../../src/api/extractions/settle-job.ts';
import { resultContext } from '../../../src/encryption/contexts.ts';
import { Keyring, sealJson } from '../../../src/encryption/keyring.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { borrowMemoryDatabase, returnMemoryDatabase } from '../../support/memory-database.ts';
import { specimenResult } from '../../support/results.ts';

const ID = 'ext_ends_meanwhile';
const keyring = new Keyring([{ id: 'test', secret: Buffer.alloc(32, 7) }]);
const logger = { warn: () => undefined } as never;
let pglite: Awaited<ReturnType<typeof borrowMemoryDatabase>>;
let database: Database;

beforeAll(async () => {
  pglite = await borrowMemoryDatabase();
  database = await openDatabase({ pglite });
});
afterAll(() => returnMemoryDatabase(pglite));

/** Temporal at the moment at which the workflow stores its result and is gone. */
function endingTemporal(): Client {
  const describeWorkflow = async () => {
    const dataKey = keyring.unwrapDataKey(
      (await database.extraction.findUniqueOrThrow({ where: { id: ID } })).wrappedKey,
    );
    const sealed = sealJson(dataKey, await specimenResult(), resultContext(ID));
    const data = { status: 'succeeded', sealedResult: sealed, sealedOthers: [sealed], finishedAt: new Date() };
    await database.extraction.update({ where: { id: ID }, data });
    throw new WorkflowNotFoundError('gone', 'extract-1', undefined);
  };
  return {
    workflow: { getHandle: () => ({ describe: describeWorkflow }) },
    withDeadline: (_at: number, call: () => Promise<unknown>) => call(),
  } as unknown as Client;
}

describe('the list of extractions', () => {
  it('tells nothing of a card whose reading ends while it is listed, nor of the other cards of its picture', async () => {
    const { wrappedKey } = keyring.createDataKey();
    const expiresAt = new Date(Date.now() + 86_400_000);
    const options = { cards: 'all' };
    await database.extraction.create({
      data: { id: ID, tenant: 'a', strategy: 'auto', options, wrappedKey, expiresAt },
    });
    const context = { database, keyring, logger, temporal: endingTemporal() };
    const page = await listExtractions(context, { tenant: 'a' } as Caller, listQuerySchema.parse({}));
    expect(page.data).toMatchObject([{ id: ID, status: 'succeeded', result: null, results: null }]);

    const row = await database.extraction.findUniqueOrThrow({ where: { id: ID } });
    expect((await settleJob(context, row)).results).toHaveLength(2);
  });
});
