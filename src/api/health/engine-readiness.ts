import { temporal as proto } from '@temporalio/proto';
import { INFERENCE_TASK_QUEUE } from '../../workflows/messages.ts';
import type { ApiContext } from '../context.ts';

export interface EngineReadiness {
  readonly id: string;
  readonly kind: string;
  readonly ready: boolean;
  readonly error: string | null;
}

const DEADLINE_MS = 1_500;
/** A poller asks again at least once a minute. */
const POLLER_SEEN_WITHIN_MS = 70_000;

/** The engines that inference processes offer. Never rejects. */
export async function engineReadiness({ temporal }: ApiContext): Promise<EngineReadiness[]> {
  const engine = { id: 'ppocr', kind: 'ppocr' };
  try {
    const { pollers } = await temporal.withDeadline(Date.now() + DEADLINE_MS, () =>
      temporal.workflowService.describeTaskQueue({
        namespace: temporal.options.namespace,
        taskQueue: { name: INFERENCE_TASK_QUEUE },
        taskQueueType: proto.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      }),
    );
    const seen = Math.max(0, ...pollers.map((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000));
    if (Date.now() - seen < POLLER_SEEN_WITHIN_MS) return [{ ...engine, ready: true, error: null }];
    return [{ ...engine, ready: false, error: 'No inference process is connected.' }];
  } catch {
    return [{ ...engine, ready: false, error: 'Temporal cannot be asked.' }];
  }
}
