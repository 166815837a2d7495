import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import type { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';

export interface HistoryCost {
  readonly events: number;
  readonly signals: number;
  readonly kilobytes: number;
}

/** What the chat workflows that started since then and their logs left in Temporal, one entry an answer. */
export async function historiesSince(platform: EmbeddedPlatform, since: Date): Promise<HistoryCost[]> {
  const [, port] = /--port (\d+)/.exec(commandLineOf(platform.part('temporal').pid) ?? '') ?? [];
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  try {
    const client = new Client({ connection });
    // The list follows the histories at a distance.
    await sleep(2_000);
    const types = `WorkflowType IN ('${CHAT_COMPLETION_WORKFLOW}', '${STREAM_LOG_WORKFLOW}')`;
    const query = `${types} AND StartTime > '${since.toISOString()}'`;
    const costs = new Map<string, HistoryCost>();
    // Raw: the memo is encrypted, and none of our business.
    const { executions } = await client.workflowService.listWorkflowExecutions({ namespace: 'default', query });
    for (const { execution, historySizeBytes, memo, type } of executions) {
      const { runId, workflowId } = execution ?? {};
      if (!workflowId || !runId) continue;
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      costs.push({
        events: events?.length ?? 0,
        signals: events?.filter((event) => event.workflowExecutionSignaledEventAttributes).length ?? 0,
        kilobytes: Math.round(Number(historySizeBytes ?? 0) / 1_000),
      });
    }
    return costs;
  } finally {
    await connection.close();
  }
}
