import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CardReaderPool, createCardReaderPool } from '../../../src/inference/card-reader/pool.ts';
import { startCardThread } from '../../../src/inference/card-reader/start-card-thread.ts';
import { FIXTURES, MODEL_PATHS } from './models.ts';

/** A thread that answers at once: what matters here is which thread has a card. */
const QUICK = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ kind }) => {
    if (kind === 'read') parentPort.postMessage({ kind: 'done', reading: 'a reading' });
    if (kind === 'close') parentPort.close();
  });
  parentPort.postMessage({ kind: 'ready' });`;

/** A thread that begins with a card, and does nothing more. */
const MORTAL = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => parentPort.postMessage({ kind: 'stage', stage: 'reading' }));
  parentPort.postMessage({ kind: 'ready' });`;

/** A thread as it ends where its model is missing. */
const MISSING = `throw new Error('missing-det.onnx');`;

describe('card reader pool', () => {
  let pool: CardReaderPool;
  let card: Uint8Array;
  /** What one thread reads on its own. */
  let alone: unknown;
  beforeAll(async () => {
    // Quickly read, at a third of what the others take: it is about threads here.
    card = await readFile(new URL('jayapura-soft.jpg', FIXTURES));
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
    alone = result;
    expect(result.compat.nik).toBe('9171021101780000');
    expect(result.compat.nama).toBe('YOHANES');
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
    expect(next.result.compat.nik).toBe('9171021101780000');
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

  it('lets an idle thread read a part of the lines of a lone card, which took one core while the other slept, and reads them itself where that one dies', async () => {
    let helped = 0;
    let isMortal = false;
    const both = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 2 }, (data) => {
      const thread = startCardThread(data);
      const post = thread.postMessage.bind(thread);
      thread.postMessage = (message: { kind: string }, transfer: readonly unknown[] = []) => {
        if (message.kind !== 'help') return post(message, transfer as never[]);
        helped++;
        // Before it begins: a thread that is torn out of a run of a model takes the process of the tests with it.
        if (isMortal) void thread.terminate();
        else post(message, transfer as never[]);
      };
      return thread;
    });
    await both.ready;
    const { result } = await both.read(card);
    expect(helped).toBeGreaterThan(1);
    expect(result).toEqual(alone);
    isMortal = true;
    expect((await both.read(card)).result).toEqual(result);
    await both.close();
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
      // It dies when a model would run, and not in the run: that takes the process of the tests with it.
      const thread = threads.length === 0 ? new Worker(MORTAL, { eval: true }) : startCardThread(data);
      threads.push(thread);
      return thread;
    });
    await fragile.ready;
    const unlucky = fragile.read(card, { onStage: (stage) => stage === 'reading' && void threads[0]!.terminate() });
    const patient = fragile.read(card);
    await expect(unlucky).rejects.toMatchObject({ code: 'internal', retryable: true });
    expect((await patient).result.compat.nik).toBe('9171021101780000');
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

  it('says that models are missing instead of waiting for ever, and reads again once they are there', async () => {
    const missing = { detectionModelPath: 'missing-det.onnx', recognitionModelPath: 'missing-rec.onnx' };
    let starts = 0;
    const broken = createCardReaderPool({ modelPaths: missing, threads: 1 }, (data) =>
      starts++ === 0 ? startCardThread(data) : new Worker(starts <= 5 ? MISSING : QUICK, { eval: true }),
    );
    expect(broken.state).toBe('loading');
    await expect(broken.read(card)).rejects.toMatchObject({ code: 'model_not_ready' });
    await expect(broken.ready).rejects.toThrow(/missing/);
    expect(broken.state).toBe('failed');
    await expect(broken.read(card)).rejects.toMatchObject({ code: 'model_not_ready' });
    await expect.poll(() => broken.state).toBe('ready');
    expect(await broken.read(card)).toBe('a reading');
    await broken.close();
  });

  // A pool that waits for such a thread waits for ever.
  describe('with a thread that hangs', { timeout: 20_000 }, () => {
    const hang = `
      const { parentPort } = require('node:worker_threads');
      parentPort.on('message', () => { for (;;); });
      parentPort.postMessage({ kind: 'ready' });`;
    const ends: (() => Promise<number>)[] = [];
    afterEach(() => Promise.all(ends.splice(0).map((end) => end())));
    /** A thread that is torn out after the test, whatever became of it. */
    const startScript = (script: string): Worker => {
      const thread = new Worker(script, { eval: true });
      ends.push(thread.terminate.bind(thread));
      return thread;
    };
    /** The first thread hangs with its first card, those after it answer. */
    const hangsOnce = (limits: { read?: number; abort?: number }) => {
      let starts = 0;
      return createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1, limits: { end: 100, ...limits } }, () =>
        startScript(starts++ === 0 ? hang : QUICK),
      );
    };

    it('gives the card back in time and reads the next one: five such pictures took all threads', async () => {
      const replaced = hangsOnce({ read: 200 });
      await replaced.ready;
      const unlucky = replaced.read(card);
      const patient = replaced.read(card);
      await expect(unlucky).rejects.toMatchObject({ code: 'internal', retryable: true });
      expect(replaced.state).not.toBe('failed');
      expect(await patient).toBe('a reading');
      await replaced.close();
    });

    it('replaces it after an abort that it does not hear', async () => {
      const replaced = hangsOnce({ abort: 100 });
      await replaced.ready;
      const abort = new AbortController();
      const reading = replaced.read(card, { signal: abort.signal });
      abort.abort(new Error('the caller has gone'));
      await expect(reading).rejects.toThrow('the caller has gone');
      expect(await replaced.read(card)).toBe('a reading');
      await replaced.close();
    });

    it('lets a slow one end by itself: torn out of a run of a model it takes the process with it', async () => {
      const slow = `
        const { parentPort } = require('node:worker_threads');
        parentPort.on('message', ({ kind }) => {
          if (kind === 'close') parentPort.close();
          else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
        });
        parentPort.postMessage({ kind: 'ready' });`;
      let starts = 0;
      let torn = 0;
      const pool = createCardReaderPool({ modelPaths: MODEL_PATHS, threads: 1, limits: { read: 300 } }, () => {
        const thread = startScript(starts++ === 0 ? slow : QUICK);
        const terminate = thread.terminate.bind(thread);
        return Object.assign(thread, { terminate: () => ++torn && terminate() });
      });
      await pool.ready;
      await expect(pool.read(card)).rejects.toMatchObject({ code: 'internal', retryable: true });
      expect(await pool.read(card)).toBe('a reading');
      expect({ starts, torn }).toEqual({ starts: 2, torn: 0 });
      await pool.close();
    });

    it('asks for the end of the process where it cannot be ended', async () => {
      let stuck = false;
      const onStuck = () => {
        stuck = true;
      };
      const pool = createCardReaderPool(
        { modelPaths: MODEL_PATHS, threads: 1, limits: { read: 50, end: 50 }, onStuck },
        () => Object.assign(startScript(hang), { terminate: async () => 0 }),
      );
      await pool.ready;
      await expect(pool.read(card)).rejects.toMatchObject({ code: 'internal' });
      await expect.poll(() => stuck).toBe(true);
      // Ends once its thread is torn out.
      void pool.close();
    });
  });
});
