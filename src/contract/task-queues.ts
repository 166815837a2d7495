/** Names of the task queues, and Temporal's priority keys on them. */

/** Task queue of the role `worker`: workflows, and activities that need the database. */
export const WORKER_TASK_QUEUE = 'ktpflow';
/** Task queue of the role `worker` for fetches and webhooks: strangers' servers take as long as they are let. */
export const FETCH_TASK_QUEUE = 'ktpflow-fetch';
/** Task queue of the role `inference`: images, OCR, VLM. */
export const INFERENCE_TASK_QUEUE = 'ktpflow-inference';
/** Task queue of inference processes for probes, which must not wait behind cards. */
export const PROBE_TASK_QUEUE = 'ktpflow-probe';
/** Task queue of generations by a vision-language model: they last, and must not stand in the way of cards. */
export const GENERATION_TASK_QUEUE = 'ktpflow-generation';
/** Nobody polls this one: the logs of streams are written and read, never run. */
export const STREAM_LOG_TASK_QUEUE = 'ktpflow-stream-log';

/** Temporal priority keys: lower is sooner. */
export const INTERACTIVE_PRIORITY = 1;
export const BATCH_PRIORITY = 5;
