/** What bench/streaming/least-answer.ts and its workflow say to each other. */

export const LEAST_TASK_QUEUE = 'bench-least';
/** Of the activity: one that runs where its workflow does would spare the turns through the server that ours takes. */
export const LEAST_RECORD_TASK_QUEUE = 'bench-least-record';
export const LEAST_WORKFLOW = 'leastAnswerWorkflow';
export const LEAST_SIGNAL = 'record';

export interface LeastActivities {
  /** Records one piece, by signal, in the history of the workflow that scheduled it. */
  record(): Promise<void>;
}
