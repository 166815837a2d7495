import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { KtpflowError } from '../../src/errors.ts';
import { createCardReaderPool } from '../../src/inference/card-reader/pool.ts';

/** Our reader as a program for the bench: `ktpflow-reader.ts MODELS_FOLDER THREADS`. */
const [models = '.', threads = '2'] = process.argv.slice(2);
const pool = createCardReaderPool({
  modelPaths: {
    detectionModelPath: `${models}/PP-OCRv6_det_small.onnx`,
    recognitionModelPath: `${models}/PP-OCRv6_rec_small.onnx`,
  },
  threads: Number(threads),
});
await pool.ready;

async function answer(id: string, path: string): Promise<object> {
  try {
    const { result, timingsMs } = await pool.read(await readFile(path));
    return { id, fields: result.fields, timingsMs };
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
await pool.close();
