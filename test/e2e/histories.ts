import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import type { EmbeddedPlatform } from './embedded-platform.ts';

/** A client of the platform's own Temporal server, without its keys: what it sees is what anybody would. */
export async function withTemporal<Result>(
  platform: EmbeddedPlatform,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const [, port] = /--port (\d+)/.exec(commandLineOf(platform.part('temporal').pid) ?? '') ?? [];
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/**
 * Checks that each extraction had one run, in which the card was read once and its result stored once, whatever was
 * tried and failed in between.
 */
export async function expectReadOnce(platform: EmbeddedPlatform, ids: readonly string[]): Promise<void> {
  await withTemporal(platform, async (client) => {
    for (const id of ids) {
      const query = `WorkflowId = 'extraction-${id}'`;
      const runs = async () => {
        const listed = await client.workflowService.listWorkflowExecutions({ namespace: 'default', query });
        return listed.executions.length;
      };
      // The list follows the histories at a distance.
      await expect.poll(runs).toBe(1);
      const counts = async () => {
        const { events } = await client.workflow.getHandle(`extraction-${id}`).fetchHistory();
        const found: Record<string, number> = {};
        for (const event of events ?? []) {
          const type = Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '';
          found[type] = (found[type] ?? 0) + 1;
        }
        return found;
      };
      // A result is stored before its run ends: a process that was killed in between leaves the end to the next one.
      await expect.poll(counts).toMatchObject({
        activityTaskScheduledEventAttributes: 1,
        activityTaskCompletedEventAttributes: 1,
        // The stored result: a local activity leaves its one marker when it has succeeded.
        markerRecordedEventAttributes: 1,
        workflowExecutionCompletedEventAttributes: 1,
      });
    }
  });
}
