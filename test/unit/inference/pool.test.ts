import { readFile } from 'node:fs/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CardReaderPool, createCardReaderPool, startThread } from '../../../src/inference/card-reader/pool.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

describe('card reader pool', () => {
  let pool: CardReaderPool;
  let card: Uint8Array;
  beforeAll(async () => {
    card = await readFile(new URL('bogor.jpg', FIXTURES));
    pool = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 });
    await pool.ready;
  });
  afterAll(() => pool.close());

  it('reads a card in a thread while the event loop goes on', async () => {
    let longestGap = 0;
    let last = performance.now();
    const clock = setInterval(() => {
      longestGap = Math.max(longestGap, performance.now() - last);
      last = performance.now();
    }, 5);
    const stages: string[] = [];
    const { result, timingsMs } = await pool.read(card, { onStage: (stage) => stages.push(stage) });
    clearInterval(clock);
    expect(result.compat.nik).toBe('3201124507920000');
    expect(result.compat.nama).toBe('MARIA HARTONO');
    expect(stages).toEqual(['preparing', 'reading', 'assembling']);
    expect(timingsMs.ocr).toBeGreaterThan(0);
    expect(longestGap).toBeLessThan(timingsMs.ocr / 2);
  });

  it('rejects at once when it is aborted, and reads the next card', async () => {
    const abort = new AbortController();
    const reason = new Error('the caller has gone');
    const reading = pool.read(card, { signal: abort.signal, onStage: () => abort.abort(reason) });
    await expect(reading).rejects.toBe(reason);
    const next = await pool.read(card);
    expect(next.result.compat.nik).toBe('3201124507920000');
  });

  it('takes a waiting card that is aborted out of the queue', async () => {
    const abort = new AbortController();
    const first = pool.read(card);
    const second = pool.read(card, { signal: abort.signal });
    expect(pool.waiting).toBe(1);
    abort.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(pool.waiting).toBe(0);
    await first;
  });

  it('hands on the codes of errors', async () => {
    await expect(pool.read(new TextEncoder().encode('this is no image'))).rejects.toMatchObject({
      name: 'KtpflowError',
      code: 'invalid_image',
    });
  });

  it('replaces a thread that dies, and tells its card that a repeat can help', async () => {
    const threads: Worker[] = [];
    const fragile = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 }, (data) => {
      const thread = startThread(data);
      threads.push(thread);
      return thread;
    });
    await fragile.ready;
    const unlucky = fragile.read(card, { onStage: (stage) => stage === 'reading' && void threads[0]!.terminate() });
    const patient = fragile.read(card);
    await expect(unlucky).rejects.toMatchObject({ code: 'internal', retryable: true });
    expect((await patient).result.compat.nik).toBe('3201124507920000');
    expect(threads).toHaveLength(2);
    await fragile.close();
  });

  it('rejects what waits and refuses more once it is closed', async () => {
    const closing = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1 });
    await closing.ready;
    const reading = closing.read(card);
    const outcome = expect(reading).rejects.toMatchObject({ code: 'internal', retryable: true });
    await closing.close();
    await outcome;
    await expect(closing.read(card)).rejects.toMatchObject({ code: 'internal' });
  });

  it('says that models are missing instead of waiting for ever', async () => {
    const missing = { detectionModelPath: 'missing-det.onnx', recognitionModelPath: 'missing-rec.onnx' };
    const broken = createCardReaderPool({ modelPaths: missing, threads: 1 });
    const reading = broken.read(card);
    await expect(reading).rejects.toMatchObject({ code: 'model_not_ready' });
    await expect(broken.ready).rejects.toThrow(/missing/);
    await broken.close();
  });
});
