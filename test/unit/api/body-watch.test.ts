import { PassThrough } from 'node:stream';
import type { Request } from 'express';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchBody } from '../../../src/api/http/body-watch.ts';
import { createHttpServer } from '../../../src/api/server.ts';

let body: PassThrough;
let stalled: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  body = new PassThrough();
  stalled = [];
  watchBody(body as unknown as Request, (error) => stalled.push(error));
});
afterEach(() => {
  vi.useRealTimers();
  body.destroy();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const pass = async (seconds: number) => {
  await turn();
  vi.advanceTimersByTime(seconds * 1000);
};

describe('a body that arrives', () => {
  it('is never cut while it moves, if it takes hours', async () => {
    // 70 bytes a second, as a bad line has.
    for (let second = 0; second < 2 * 3600; second += 10) {
      body.write(Buffer.alloc(700));
      await pass(10);
    }
    expect(stalled).toEqual([]);
    expect(createHttpServer(() => {}).requestTimeout).toBe(0);
  });

  it('is given up once nothing has come for half a minute', async () => {
    body.write(Buffer.alloc(700));
    await pass(29);
    expect(stalled).toEqual([]);
    await pass(2);
    expect(stalled).toMatchObject([{ code: 'request_timeout', status: 408 }]);
    await pass(100);
    expect(stalled).toHaveLength(1);
  });

  it('is given up where a byte comes now and then to keep it open', async () => {
    for (let time = 0; time < 4; time++) {
      body.write('x');
      await pass(9);
    }
    expect(stalled).toHaveLength(1);
  });

  it('is not stalled while we hold the sender back ourselves', async () => {
    body.write(Buffer.alloc(700));
    await pass(1);
    body.pause();
    await pass(600);
    expect(stalled).toEqual([]);
    body.resume();
    await pass(31);
    await pass(31);
    expect(stalled).toHaveLength(1);
  });

  it('is watched no longer than it lasts', async () => {
    body.end('all of it');
    await turn();
    await pass(600);
    expect(stalled).toEqual([]);
  });
});
