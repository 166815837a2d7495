import { type Client, ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { WORKER_TASK_QUEUE } from '../contract/task-queues.ts';

export const RETENTION_SCHEDULE_ID = 'retention';

const RETENTION = {
  spec: { intervals: [{ every: '5 minutes' }] },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
  action: {
    type: 'startWorkflow',
    workflowType: 'retentionWorkflow',
    taskQueue: WORKER_TASK_QUEUE,
    workflowId: 'retention',
    workflowRunTimeout: '30 minutes',
  },
} satisfies Omit<ScheduleOptions, 'scheduleId'>;

/**
 * Makes sure that the Schedule exists which removes what has expired, and is that of this version; any number of
 * processes may ask for it. One that an operator has paused stays paused.
 * @throws errors of the Temporal client
 */
export async function ensureRetentionSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.create({ scheduleId: RETENTION_SCHEDULE_ID, ...RETENTION });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const existing = client.schedule.getHandle(RETENTION_SCHEDULE_ID);
    await existing.update(({ state }) => ({ ...RETENTION, state }));
  }
}
