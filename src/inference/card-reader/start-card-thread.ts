import type { Worker } from 'node:worker_threads';
import { startThread } from '../start-thread.ts';
import type { ThreadData } from './thread-messages.ts';

/** Starts a thread that reads cards. */
export function startCardThread(data: ThreadData): Worker {
  return startThread(new URL('./thread.js', import.meta.url), { workerData: data, name: 'card-reader' });
}
