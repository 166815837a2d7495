import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import {
  LEAST_RECORD_TASK_QUEUE,
  LEAST_SIGNAL,
  LEAST_TASK_QUEUE,
  LEAST_WORKFLOW,
  type LeastActivities,
} from './least-contract.ts';

export interface LeastAnswers {
  /** Milliseconds from its start to its first record, of answers that begin at once. */
  readMany(count: number): Promise<number[]>;
  end(): Promise<void>;
}

/**
 * What Temporal alone takes to a first record on this machine: a workflow that does nothing is started, its activity
 * records one piece, and whoever has started it waits for that in the history. No HTTP, database, blob, encryption or
 * model server, and one process, where the platform has two: what the platform takes beyond it is its own.
 */
export async function startLeastAnswers(address: string): Promise<LeastAnswers> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  // As the platform: the first task comes back with the answer to the start.
  const starter = new Client({ connection: native });
  const record: LeastActivities['record'] = async () => {
    const { client, info } = Context.current();
    const { runId, workflowId } = info.workflowExecution ?? {};
    if (workflowId !== undefined) await client.workflow.getHandle(workflowId, runId).signal(LEAST_SIGNAL);
  };
  const workers = await Promise.all([
    Worker.create({
      connection: native,
      taskQueue: LEAST_TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('least-workflow.ts', import.meta.url)),
    }),
    Worker.create({ connection: native, taskQueue: LEAST_RECORD_TASK_QUEUE, activities: { record } }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));

  async function timeOne(): Promise<number> {
    const startedAt = performance.now();
    const { firstExecutionRunId: runId, workflowId } = await starter.workflow.start(LEAST_WORKFLOW, {
      workflowId: `bench-${randomUUID()}`,
      taskQueue: LEAST_TASK_QUEUE,
      requestEagerStart: true,
    });
    let nextPageToken: Uint8Array | undefined;
    for (;;) {
      const page = await connection.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId, runId },
        waitNewEvent: true,
        ...(nextPageToken && { nextPageToken }),
      });
      const events = page.history?.events ?? [];
      if (events.some((event) => event.workflowExecutionSignaledEventAttributes)) break;
      nextPageToken = page.nextPageToken;
    }
    return performance.now() - startedAt;
  }

  return {
    readMany: (count) => Promise.all(Array.from({ length: count }, timeOne)),
    async end() {
      for (const worker of workers) worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}
