/**
 * Entry of a card reader's thread: onnxruntime and the pixel loops hold their thread for tens of milliseconds at a
 * time, which the process's event loop (heartbeats, HTTP) must not notice. See pool.ts for the other side.
 */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { KtpflowError } from '../../errors.ts';
import { createPpOcr } from '../ppocr/ppocr.ts';
import { IdleThreads } from './idle-threads.ts';
import { readCard } from './read-card.ts';
import type { ThreadAnswer, ThreadData, ThreadRequest } from './thread-messages.ts';

const port = parentPort;
if (!port) throw new Error('thread.ts runs in a worker thread only');
const answer = (message: ThreadAnswer): void => port.postMessage(message);

// libvips would start a thread a core for each image and keep the last ones in memory.
sharp.concurrency(1);
sharp.cache(false);

const { idle, others, ...data } = workerData as ThreadData;
const helpers = new IdleThreads(idle, others, answer);
const ocr = await createPpOcr({ ...data, helpers });
let aborting = new AbortController();

async function read({ bytes, rejectLowQuality }: ThreadRequest & { kind: 'read' }): Promise<void> {
  aborting = new AbortController();
  try {
    const { signal } = aborting;
    const onStage = (stage: 'preparing' | 'reading' | 'assembling'): void => answer({ kind: 'stage', stage });
    answer({ kind: 'done', reading: await readCard(ocr, bytes, { rejectLowQuality, signal, onStage }) });
  } catch (error) {
    const code = error instanceof KtpflowError ? error.code : null;
    answer({ kind: 'failed', failure: { code, message: error instanceof Error ? error.message : 'unknown error' } });
  }
}

async function help({ batches }: ThreadRequest & { kind: 'help' }): Promise<void> {
  // Whoever lent the lines reads them itself where this fails.
  const outputs = await ocr.help(batches).catch(() => null);
  answer({ kind: 'helpGiven', outputs });
}

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'read') void read(request);
  else if (request.kind === 'help') void help(request);
  else if (request.kind === 'helped') helpers.settle(request);
  else if (request.kind === 'abort') aborting.abort();
  else {
    // Sessions are released before the thread ends: a thread that is terminated with live ones can take the process.
    aborting.abort();
    void ocr.close().finally(() => port.close());
  }
});
answer({ kind: 'ready' });
