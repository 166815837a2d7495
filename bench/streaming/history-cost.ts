import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { CHAT_COMPLETION_WORKFLOW, STREAM_LOG_WORKFLOW } from '../../src/contract/chat-workflow.ts';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import type { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';

export interface HistoryCost {
  /** Whether it is a stream's log; else it is the run that answered. */
  readonly isLog: boolean;
  readonly events: number;
  readonly signals: number;
  readonly kilobytes: number;
}

/** Where the platform's Temporal server listens. */
export function temporalAddress(platform: EmbeddedPlatform): string {
  const [, port] = /--port (\d+)/.exec(commandLineOf(platform.part('temporal').pid) ?? '') ?? [];
  return `127.0.0.1:${port}`;
}

/** What the chat workflows that started since then and their logs left in Temporal, one entry a run. */
export async function historiesSince(platform: EmbeddedPlatform, since: Date): Promise<HistoryCost[]> {
  const connection = await Connection.connect({ address: temporalAddress(platform) });
  try {
    const client = new Client({ connection });
    // The list follows the histories at a distance.
    await sleep(2_000);
    const types = `WorkflowType IN ('${CHAT_COMPLETION_WORKFLOW}', '${STREAM_LOG_WORKFLOW}')`;
    const query = `${types} AND StartTime > '${since.toISOString()}'`;
    const costs: HistoryCost[] = [];
    // Raw: the memo is encrypted, and none of our business.
    const { executions } = await client.workflowService.listWorkflowExecutions({ namespace: 'default', query });
    for (const { execution, historySizeBytes, type } of executions) {
      const { runId, workflowId } = execution ?? {};
      if (!workflowId || !runId) continue;
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      costs.push({
        isLog: type?.name === STREAM_LOG_WORKFLOW,
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
