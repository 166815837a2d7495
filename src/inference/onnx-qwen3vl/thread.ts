/**
 * Entry of the model's thread: a run of a graph holds its thread for as long as it takes, which the process's event
 * loop (heartbeats, HTTP) must not notice. See model-thread.ts for the other side.
 */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { KtpflowError } from '../../errors.ts';
import { Qwen3Vl } from './model.ts';
import { ModelFolderError } from './model-folder-error.ts';
import type { ThreadAnswer, ThreadData, ThreadFailure, ThreadRequest } from './thread-messages.ts';
import { Turns } from './turns.ts';

const port = parentPort;
if (!port) throw new Error('thread.ts runs in a worker thread only');
const answer = (message: ThreadAnswer): void => port.postMessage(message);

// libvips would start a thread a core for each image and keep the last ones in memory.
sharp.concurrency(1);
sharp.cache(false);

function describe(error: unknown): ThreadFailure {
  if (error instanceof KtpflowError) return { code: error.code, message: error.message, param: error.param };
  return { code: null, message: error instanceof Error ? error.message : 'unknown error', param: null };
}

const data = workerData as ThreadData;
try {
  const model = await Qwen3Vl.load(data);
  const turns = new Turns(model, data.concurrency, answer, describe);
  const count = (text: string): number => model.tokenizer.encode(model.tokenizer.quote(text)).length;
  port.on('message', (request: ThreadRequest) => {
    if (request.kind === 'generate') turns.add(request.id, request.request);
    else if (request.kind === 'abort') turns.abort(request.id);
    else if (request.kind === 'count') answer({ kind: 'counted', id: request.id, tokens: count(request.text) });
    // Sessions are released before the thread ends: a thread that is terminated with live ones can take the process.
    else {
      void turns
        .stop()
        .then(() => model.close())
        .finally(() => port.close());
    }
  });
  const { contextTokens, tokenizerMaxLength, warning } = model;
  answer({ kind: 'ready', facts: { contextTokens, tokenizerMaxLength, warning } });
} catch (error) {
  if (!(error instanceof ModelFolderError)) throw error;
  answer({ kind: 'unusable', message: error.message });
  port.close();
}
