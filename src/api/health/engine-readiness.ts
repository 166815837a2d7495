import { randomUUID } from 'node:crypto';
import { type EngineStatus, KTP_OCR_MODEL, PROBE_ENGINES_ACTIVITY } from '../../contract/engine-status.ts';
import { PROBE_TASK_QUEUE } from '../../contract/task-queues.ts';
import type { ApiContext } from '../context.ts';

const DEADLINE_MS = 1_500;

/**
 * The engines that inference processes offer, asked by an activity on a queue of its own, which is answered while
 * every slot for cards is taken. Nobody answers: nobody is there. Never rejects.
 */
export async function engineReadiness({ temporal }: Pick<ApiContext, 'temporal'>): Promise<readonly EngineStatus[]> {
  try {
    return await temporal.withDeadline(Date.now() + DEADLINE_MS, () =>
      temporal.activity.execute<EngineStatus[]>(PROBE_ENGINES_ACTIVITY, {
        id: `probe-${randomUUID()}`,
        taskQueue: PROBE_TASK_QUEUE,
        scheduleToCloseTimeout: DEADLINE_MS,
        retry: { maximumAttempts: 1 },
      }),
    );
  } catch {
    const error = 'No inference process answers.';
    return [{ id: 'pp-ocr', kind: 'ppocr', modelId: KTP_OCR_MODEL, ready: false, error, contextLength: null }];
  }
}
