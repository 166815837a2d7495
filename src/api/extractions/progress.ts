import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { EXTRACTION_STAGES, type ExtractionStage, extractionWorkflowId } from '../../contract/extraction-workflow.ts';
import { isTemporalNotFound } from '../../temporal-errors.ts';

/** What the workflow of an extraction that goes on tells. */
export interface OpenProgress {
  readonly workflow: 'open';
  /** Whether a step has begun; until then the card waits for an inference process. */
  readonly running: boolean;
  readonly stage: ExtractionStage | null;
  /** 0-1. */
  readonly fraction: number;
  readonly attempt: number;
  readonly startedAt: Date | null;
}

/** What Temporal knows of an extraction whose row is not final. */
export type ExtractionProgress = OpenProgress | { readonly workflow: 'missing' | 'closed' | 'cancelled' };

const DESCRIBE_DEADLINE_MS = 3_000;
/** Once only the storing of the result is left. */
const STORING = { workflow: 'open', running: true, stage: 'assembling', fraction: 0.95 } as const;
/** Start, task scheduled, task started. */
const EVENTS_UNTIL_FIRST_TASK = 3;
/** … task completed, activity scheduled: while a card is read, its activity is pending. */
const EVENTS_UNTIL_READING = 5;

const heartbeatSchema = z.object({ stage: z.enum(EXTRACTION_STAGES), fraction: z.number().min(0).max(1) });
const { PendingActivityState, WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

/**
 * Describes the workflow: no worker is needed for that, unlike for a query, and the heartbeat of the running attempt
 * says how far it is. @throws errors of the Temporal client
 */
export async function progressOf(client: Client, extractionId: string): Promise<ExtractionProgress> {
  const handle = client.workflow.getHandle(extractionWorkflowId(extractionId));
  const description = await client
    .withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => handle.describe())
    .catch((error: unknown) => {
      if (isTemporalNotFound(error)) return undefined;
      throw error;
    });
  if (!description) return { workflow: 'missing' };
  const { CANCELED, TERMINATED, RUNNING } = temporalStatuses;
  if (description.status.code === CANCELED || description.status.code === TERMINATED) return { workflow: 'cancelled' };
  if (description.status.code !== RUNNING) return { workflow: 'closed' };

  const [activity] = description.raw.pendingActivities ?? [];
  const startedAt = dateOf(activity?.lastStartedTime);
  if (!activity) {
    const { historyLength } = description;
    // Where a result is stored locally, or has been.
    if (historyLength > EVENTS_UNTIL_READING) return { ...STORING, attempt: 1, startedAt };
    const running = historyLength > EVENTS_UNTIL_FIRST_TASK;
    return { workflow: 'open', running, stage: null, fraction: 0, attempt: running ? 1 : 0, startedAt };
  }
  const attempt = activity.attempt ?? 1;
  const running = activity.state !== PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED || attempt > 1;
  // Its attempts are not those of the card.
  if (activity.activityType?.name === 'storeResult') return { ...STORING, attempt: 1, startedAt: null };
  const heartbeat = await decodeHeartbeat(client, activity.heartbeatDetails?.payloads?.[0]);
  return {
    workflow: 'open',
    running,
    stage: heartbeat?.stage ?? (running ? 'preparing' : null),
    fraction: heartbeat?.fraction ?? 0,
    attempt: running ? attempt : 0,
    startedAt: attempt === 1 ? startedAt : null,
  };
}

/** Whole seconds alone would be a start before the row was made. */
function dateOf(time: proto.google.protobuf.ITimestamp | null | undefined): Date | null {
  return time ? new Date(Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6) : null;
}

const temporalStatuses = {
  RUNNING: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
  CANCELED: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED,
  TERMINATED: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED,
};

async function decodeHeartbeat(client: Client, payload: proto.temporal.api.common.v1.IPayload | null | undefined) {
  if (!payload) return undefined;
  const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
  let payloads = [payload];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  const [decoded] = payloads;
  const parsed = heartbeatSchema.safeParse(decoded && payloadConverter.fromPayload(decoded));
  return parsed.success ? parsed.data : undefined;
}
