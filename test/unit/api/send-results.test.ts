import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { sendResults } from '../../../src/api/batches/send-results.ts';
import type { ResultRow } from '../../../src/batch/results/result-row.ts';

async function* rowsWithoutEnd(): AsyncGenerator<ResultRow> {
  for (let index = 0; ; index++) {
    yield { index, custom_id: 'x'.repeat(1000), name: null, status: 'queued', result: null, error: null };
  }
}

async function* rowsThatFail(): AsyncGenerator<ResultRow> {
  yield { index: 0, custom_id: null, name: null, status: 'queued', result: null, error: null };
  throw new Error('the database is gone');
}

/** Asks for results once, and tells what became of the handler. */
async function outcomeOf(
  rows: AsyncGenerator<ResultRow>,
  read: (url: string) => Promise<unknown>,
): Promise<PromiseSettledResult<void>> {
  let resolve = (_: PromiseSettledResult<void>): void => undefined;
  const promise = new Promise<PromiseSettledResult<void>>((settle) => {
    resolve = settle;
  });
  const app = express();
  app.get('/', async (_request, response) => {
    const options = { format: 'ndjson', bom: false, spreadsheet: false } as const;
    const sent = sendResults(response, { batchId: 'batch_1', rows, count: 1 }, options);
    const [outcome] = await Promise.allSettled([sent]);
    resolve(outcome);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await read(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).catch(() => undefined);
  const outcome = await promise;
  server.closeAllConnections();
  server.close();
  return outcome;
}

it('a reader that breaks off a download of results is no fault of ours', async () => {
  const outcome = await outcomeOf(rowsWithoutEnd(), async (url) => {
    const response = await fetch(url);
    await response.body?.cancel();
  });
  expect(outcome).toEqual({ status: 'fulfilled', value: undefined });
});

it('rows that fail in the middle are a fault, and break the connection', async () => {
  let text: Promise<string> | undefined;
  const outcome = await outcomeOf(rowsThatFail(), async (url) => {
    text = (await fetch(url)).text();
    await text;
  });
  expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the database is gone' } });
  await expect(text).rejects.toThrow();
});
