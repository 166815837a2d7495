import type { Worker } from 'node:worker_threads';
import { startThread } from '../start-thread.ts';
import type { ThreadData } from './thread-messages.ts';

/** Starts the thread that holds the model. */
export function startModelThread(data: ThreadData): Worker {
  return startThread(new URL('./thread.js', import.meta.url), { workerData: data, name: 'qwen3-vl' });
}
