import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import { LEAST_RECORD_TASK_QUEUE, LEAST_SIGNAL, type LeastActivities } from './least-contract.ts';

const { record } = proxyActivities<LeastActivities>({
  taskQueue: LEAST_RECORD_TASK_QUEUE,
  startToCloseTimeout: '1 minute',
});

/** The least that is a durable answer: an activity in another place, and what it has recorded. */
export async function leastAnswerWorkflow(): Promise<void> {
  let recorded = false;
  setHandler(defineSignal(LEAST_SIGNAL), () => {
    recorded = true;
  });
  await record();
  await condition(() => recorded);
}
