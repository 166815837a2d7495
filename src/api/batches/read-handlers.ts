import type { RequestHandler, Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { batchWorkflowId } from '../../contract/batch-workflow.ts';
import { logAccess } from '../access/log-access.ts';
import type { RouteContext } from '../context.ts';
import { waitQuerySchema } from '../extractions/request-schema.ts';
import { waitForWorkflow } from '../extractions/wait.ts';
import { callerGone } from '../http/caller-gone.ts';
import { invalidValue } from '../http/errors.ts';
import { parseOwnQuery } from '../http/own-query.ts';
import { behind, pageQuerySchema, toPage } from '../http/pagination.ts';
import { callerOf } from '../http/request-state.ts';
import { isFinalBatch } from './batch-schema.ts';
import { streamBatchEvents } from './events.ts';
import { findBatch, isKept } from './find-batch.ts';
import { countResultRows, listFailures, listItems, resultRows } from './items.ts';
import { itemsQuerySchema, resultsQuerySchema } from './request-schema.ts';
import { LINK_PARAMETERS, linkRequestSchema, makeResultLink } from './result-link.ts';
import { sendBatch } from './send-batch.ts';
import { formatOf, sendResults } from './send-results.ts';
import { settleBatch, settleBatches } from './settle-batch.ts';
import { SharedCounts } from './shared-counts.ts';

/** What reading batches touches. */
export type ReadContext = Pick<
  RouteContext,
  'accessLog' | 'admission' | 'closing' | 'config' | 'database' | 'keyring' | 'logger' | 'temporal'
>;

type ById = RequestHandler<{ id: string }>;

/** Watching batches, their items and their results. */
export function readHandlers(context: ReadContext) {
  const { admission, database, keyring, temporal } = context;
  const watched = new SharedCounts(database);
  const find = (response: Response, id: string) => findBatch(context, callerOf(response).tenant, id);

  const list: RequestHandler = async (request, response) => {
    const { cursor, limit } = parseOwnQuery(pageQuerySchema, request);
    const rows = await database.batch.findMany({
      where: { tenant: callerOf(response).tenant, AND: [isKept(), behind(cursor)] },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    const objects = new Map((await settleBatches(context, rows.slice(0, limit))).map((batch) => [batch.id, batch]));
    response.json(toPage(rows, limit, (row) => objects.get(row.id)));
  };

  const read: ById = async (request, response) => {
    const { wait } = parseOwnQuery(waitQuerySchema, request);
    const { id } = request.params;
    let row = await find(response, id);
    if (wait > 0 && !isFinalBatch(row.status)) {
      const leave = admission.enter(callerOf(response).tenant);
      try {
        using scope = new AbortScope([context.closing, callerGone(response)], wait * 1000);
        await waitForWorkflow(temporal, batchWorkflowId(id), scope.signal);
      } finally {
        leave();
      }
      row = await find(response, id);
    }
    sendBatch(response, 200, await settleBatch(context, row));
  };

  const items: ById = async (request, response) => {
    const query = parseOwnQuery(itemsQuerySchema, request);
    const page = await listItems(context, await find(response, request.params.id), query);
    await logAccess(context, response, 'batch.read', request.params.id);
    response.json(page);
  };

  const failures: ById = async (request, response) => {
    response.json(await listFailures(context, await find(response, request.params.id)));
  };

  const results: ById = async (request, response) => {
    const options = parseOwnQuery(resultsQuerySchema, request, LINK_PARAMETERS);
    const row = await find(response, request.params.id);
    await logAccess(context, response, 'batch.read', row.id);
    const count = await countResultRows(context, row);
    const found = { batchId: row.id, rows: resultRows(context, row), count };
    await sendResults(response, found, { ...options, format: formatOf(request, options) });
  };

  const link: ById = async (request, response) => {
    const asked = linkRequestSchema.safeParse(request.body ?? {});
    if (!asked.success) throw invalidValue(asked.error);
    const row = await find(response, request.params.id);
    await logAccess(context, response, 'batch.link', row.id);
    response.setHeader('cache-control', 'private, no-store');
    response.json(makeResultLink(keyring, row, asked.data));
  };

  const events: ById = async (request, response) => {
    await streamBatchEvents(context, request, response, await find(response, request.params.id), watched);
  };

  return { list, read, items, failures, results, link, events };
}
