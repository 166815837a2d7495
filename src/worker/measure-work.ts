import type { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
// CommonJS without static names: Node imports it whole.
import proto from '@temporalio/proto';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import {
  FETCH_TASK_QUEUE,
  GENERATION_TASK_QUEUE,
  INFERENCE_TASK_QUEUE,
  WORKER_TASK_QUEUE,
} from '../contract/task-queues.ts';
import type { QueueDepth, WorkMetrics } from '../observability/work-metrics.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** For workers: counts each attempt of an activity, by its type and how it ended. */
export function measureActivities(metrics: Pick<WorkMetrics, 'activityAttempted'>): ActivityInterceptorsFactory {
  return ({ info }: Context) => ({
    inbound: {
      async execute(input, next) {
        const waitedSeconds = (Date.now() - info.currentAttemptScheduledTimestampMs) / 1000;
        const ended = (outcome: 'completed' | 'failed' | 'cancelled') =>
          metrics.activityAttempted({
            activity: info.activityType,
            attempt: info.attempt,
            outcome,
            waitedSeconds,
          });
        try {
          const result = await next(input);
          ended('completed');
          return result;
        } catch (error) {
          ended(error instanceof CancelledFailure ? 'cancelled' : 'failed');
          throw error;
        }
      },
    },
  });
}

/** The queues that work may pile up in, with the kinds of tasks in each. */
const WATCHED = [
  { queue: WORKER_TASK_QUEUE, kinds: [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY] },
  { queue: FETCH_TASK_QUEUE, kinds: [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY] },
  { queue: INFERENCE_TASK_QUEUE, kinds: [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY] },
  { queue: GENERATION_TASK_QUEUE, kinds: [TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY] },
] as const;
/** Whoever scrapes does so every few seconds, two gauges at a time, from every process. */
const KEPT_MS = 5_000;
const DEADLINE_MS = 2_000;

/**
 * How many tasks wait in each queue, by Temporal's own count, asked at most every few seconds; nothing while it is away.
 * The count is an estimate: behind a batch it is that of the batch's window, the rest waits in its workflow.
 */
export function createQueueWatch(client: Client, now = () => performance.now()): () => Promise<readonly QueueDepth[]> {
  let kept: { readonly at: number; readonly depths: Promise<readonly QueueDepth[]> } | undefined;
  return () => {
    if (!kept || now() - kept.at > KEPT_MS) kept = { at: now(), depths: askDepths(client).catch(() => []) };
    return kept.depths;
  };
}

function askDepths(client: Client): Promise<readonly QueueDepth[]> {
  return client.withDeadline(Date.now() + DEADLINE_MS, () =>
    Promise.all(
      WATCHED.map(async ({ kinds, queue }) => {
        const stats = await Promise.all(kinds.map((kind) => askStats(client, queue, kind)));
        return {
          queue,
          tasks: stats.reduce((sum, { tasks }) => sum + tasks, 0),
          oldestSeconds: Math.max(...stats.map(({ oldestSeconds }) => oldestSeconds)),
        };
      }),
    ),
  );
}

async function askStats(client: Client, name: string, taskQueueType: proto.temporal.api.enums.v1.TaskQueueType) {
  const { namespace } = client.options;
  const asked = { namespace, taskQueue: { name }, taskQueueType, reportStats: true };
  const { stats } = await client.workflowService.describeTaskQueue(asked);
  const { nanos, seconds } = stats?.approximateBacklogAge ?? {};
  return {
    tasks: Number(stats?.approximateBacklogCount ?? 0),
    oldestSeconds: Number(seconds ?? 0) + (nanos ?? 0) / 1e9,
  };
}
