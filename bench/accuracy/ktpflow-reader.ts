import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { readConfig } from '../../src/config.ts';
import type { Strategy } from '../../src/contract/strategies.ts';
import { KtpflowError } from '../../src/errors.ts';
import { createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import type { Engine } from '../../src/inference/engine.ts';
import { createEngines } from '../../src/inference/engines.ts';
import { finishByModel } from '../../src/inference/model-reader/model-reader.ts';
import { modelPathsIn } from '../model-paths.ts';
import { type Script, scriptedEngine } from './scripted-engine.ts';

/** Our reader as a program for the bench: `ktpflow-reader.ts MODELS_FOLDER THREADS STRATEGY ENGINE BUDGET_SECONDS`. */
const [models = '.', threads = '2', strategy = 'ocr', engineName = '', budget = '20'] = process.argv.slice(2);
const pool = createCardReaderPool({
  modelPaths: modelPathsIn(models),
  threads: Number(threads),
});
await pool.ready;

/** `scripted:right` and the like, a folder of VLM_MODEL_DIR, or the base URL of a server; empty: none. */
const shared = /^(scripted:.*)?$/.test(engineName)
  ? undefined
  : createEngines(
      readConfig({
        ...(/^https?:/.test(engineName) ? { VLM_BASE_URL: engineName } : { VLM_MODEL_DIR: engineName }),
        MODEL_REPO_ID: process.env.MODEL_REPO_ID,
      }),
      { pool },
    );
const sharedEngine = shared?.list().find(({ kind }) => kind !== 'ppocr');

async function engineFor(path: string): Promise<Engine | undefined> {
  if (!engineName.startsWith('scripted:')) return sharedEngine;
  return scriptedEngine(engineName.slice('scripted:'.length) as Script, path);
}

async function answer(id: string, path: string): Promise<object> {
  try {
    const image = await readFile(path);
    const { quarterTurns, result: read, timingsMs } = await pool.read(image);
    const engine = await engineFor(path);
    const model = engine && { engine, isTrusted: () => true, budgetMs: Number(budget) * 1000 };
    const signal = new AbortController().signal;
    const input = { result: read, image, quarterTurns, strategy: strategy as Strategy, signal };
    const { generateMs, result } = await finishByModel(model, input);
    return { id, fields: result.fields, timingsMs: { ...timingsMs, generate: generateMs } };
  } catch (error) {
    return { id, fields: null, refusal: error instanceof KtpflowError ? error.code : String(error) };
  }
}

const pending = new Set<Promise<unknown>>();
for await (const line of createInterface({ input: process.stdin })) {
  const { id, path } = JSON.parse(line) as { id: string; path: string };
  const written = answer(id, path).then((reply) => {
    process.stdout.write(`${JSON.stringify(reply)}\n`);
    pending.delete(written);
  });
  pending.add(written);
}
await Promise.all(pending);
await shared?.close();
await pool.close();
