import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { BatchActivities } from '../contract/batch-activities.ts';
import type { GenerationActivities, TranscriptActivities } from '../contract/chat-activities.ts';
import type { ChatBatchActivities } from '../contract/chat-batch.ts';
import type { InferenceActivities, ProbeActivities, WorkerActivities } from '../contract/extraction-activities.ts';
import type { ReviewActivities } from '../contract/review.ts';
import {
  FETCH_TASK_QUEUE,
  GENERATION_TASK_QUEUE,
  INFERENCE_TASK_QUEUE,
  PROBE_TASK_QUEUE,
  WORKER_TASK_QUEUE,
} from '../contract/task-queues.ts';
import type { WebhookActivities } from '../contract/webhook.ts';
import type { Keyring } from '../encryption/keyring.ts';
import type { WorkMetrics } from '../observability/work-metrics.ts';
import { allOrNone } from './all-or-none.ts';
import { createDataConverter } from './data-converter.ts';
import { withMappedFailures } from './failures.ts';
import { measureActivities } from './measure-work.ts';
import { traceActivities, traceRuns } from './tracing/trace-work.ts';

/** Built by scripts/build.mjs; the same path from src/worker and dist/worker. */
const WORKFLOW_BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));

/**
 * A frozen process is handed a retry for each of its open polls, and each costs a heartbeat's time-out: measured, 40 s
 * with the default of ten polls and 3 s with one. maxConcurrentActivityTaskPolls has no effect on this (1.24).
 */
const ONE_POLL_AT_FIRST = { type: 'autoscaling', minimum: 1, initial: 1, maximum: 4 } as const;

export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly keyring: Keyring;
  readonly metrics?: Pick<WorkMetrics, 'activityAttempted'>;
}

function baseOptions({ connection, keyring, metrics, namespace }: WorkerConnection) {
  return {
    connection,
    namespace,
    dataConverter: createDataConverter(keyring),
    interceptors: { activity: [...(metrics ? [measureActivities(metrics)] : []), ...traceActivities(keyring)] },
    // A card takes a second: let it finish when the process is asked to stop.
    shutdownGraceTime: '8 seconds',
    shutdownForceTime: '12 seconds',
    // A cancellation reaches an activity with the answer to its heartbeat; the default throttle would delay it.
    maxHeartbeatThrottleInterval: '500 milliseconds',
  } satisfies Partial<WorkerOptions>;
}

/** Fetches from strangers' servers and webhooks at once: they wait, and hold up to 15 MB each. */
const FETCHES = 32;

/**
 * Role `worker`: one worker for workflows and the activities that need the database, and one for fetches and webhooks,
 * so that slow servers of strangers hold up nothing else.
 */
export async function createWorkflowWorkers(
  where: WorkerConnection,
  activities: WorkerActivities &
    BatchActivities &
    ChatBatchActivities &
    ReviewActivities &
    TranscriptActivities &
    WebhookActivities,
  workflowBundlePath: string = WORKFLOW_BUNDLE,
): Promise<Worker[]> {
  const { fetchBatchItem, sendDelivery } = activities;
  return allOrNone([
    Worker.create({
      ...baseOptions(where),
      taskQueue: WORKER_TASK_QUEUE,
      workflowBundle: { codePath: workflowBundlePath },
      sinks: traceRuns(where.keyring),
      // With fetches and webhooks, too: those that the version before has scheduled here.
      activities: withMappedFailures(activities),
      // One V8 context each; two cores have no use for more threads than one.
      workflowThreadPoolSize: 1,
      maxCachedWorkflows: 200,
      maxConcurrentActivityTaskExecutions: 20,
    }),
    Worker.create({
      ...baseOptions(where),
      taskQueue: FETCH_TASK_QUEUE,
      activities: withMappedFailures({ fetchBatchItem, sendDelivery }),
      maxConcurrentActivityTaskExecutions: FETCHES,
      maxConcurrentActivityTaskPolls: 1,
    }),
  ]);
}

/**
 * Role `inference`: two workers, one for the work and one for probes, which must be answered while every slot of the
 * first is taken.
 * @param slots activities at once: as many as there are cards read at a time
 */
export async function createInferenceWorkers(
  where: WorkerConnection,
  activities: InferenceActivities & ProbeActivities & Partial<GenerationActivities>,
  slots: number,
): Promise<Worker[]> {
  const { probeEngines, ...work } = activities;
  return allOrNone([
    Worker.create({
      ...baseOptions(where),
      taskQueue: INFERENCE_TASK_QUEUE,
      activities: withMappedFailures(work),
      maxConcurrentActivityTaskExecutions: slots,
      activityTaskPollerBehavior: ONE_POLL_AT_FIRST,
    }),
    Worker.create({
      ...baseOptions(where),
      taskQueue: PROBE_TASK_QUEUE,
      activities: withMappedFailures({ probeEngines }),
      maxConcurrentActivityTaskExecutions: 10,
      maxConcurrentActivityTaskPolls: 1,
    }),
  ]);
}

/**
 * Role `inference` with a vision-language model: generations on a queue of their own, since one may take an hour.
 * @param slots generations at once: as many as the engine can batch
 */
export async function createGenerationWorker(
  where: WorkerConnection,
  activities: GenerationActivities,
  slots: number,
): Promise<Worker> {
  return Worker.create({
    ...baseOptions(where),
    taskQueue: GENERATION_TASK_QUEUE,
    activities: withMappedFailures(activities),
    maxConcurrentActivityTaskExecutions: slots,
    activityTaskPollerBehavior: ONE_POLL_AT_FIRST,
  });
}
