import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import {
  chatEnvironment,
  indexesOf,
  MODEL,
  type ReceivedEvent,
  readEvents,
  startGenerations,
  textOf,
  tokens,
} from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const ANSWER = tokens(400);
const LAST_INDEX = ANSWER.length + 1;

let upstream: Upstream;
let platform: Platform;
let apis: TestApi[];
let generations: KeptWorkers;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: 40 });
  platform = await startPlatform({ environment: chatEnvironment(upstream) });
  platform.startWorkflows();
  generations = startGenerations(platform);
  apis = [await startTestApi(platform), await startTestApi(platform)];
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
  await generations.stop();
  await platform.stop();
  await upstream.close();
});

const begin = (session: string) => {
  const body = { model: MODEL, stream: true, session_id: session, messages: [{ role: 'user', content: 'Halo' }] };
  return apis[0]!.request('/v1/chat/completions', jsonRequest(body));
};
const resume = async (session: string, after: number, take?: number) => {
  const api = apis[after % apis.length]!;
  return readEvents(await api.request(`/v1/chat/completions/${session}/stream?starting_after=${after}`), take);
};

describe('every cut point of a 400-token answer', () => {
  it('is resumed exactly while the answer runs', async () => {
    const whole = readEvents(await begin('live'));
    // One reader a cut point, each at a time of its own, also before the event after which it asks to go on.
    const readers = Array.from({ length: LAST_INDEX + 1 }, async (_, cut) => {
      await sleep(Math.random() * 9_000);
      return { cut, events: await resume('live', cut) };
    });
    const all = await whole;
    expect(textOf(all)).toBe(ANSWER.join(''));
    for (const { cut, events } of await Promise.all(readers)) expect(events, `cut ${cut}`).toEqual(all.slice(cut + 1));
  });

  it('is resumed exactly after its end', async () => {
    const all = await readEvents(await begin('stored'));
    for (let cut = 0; cut <= LAST_INDEX; cut++) {
      expect(await resume('stored', cut), `cut ${cut}`).toEqual(all.slice(cut + 1));
    }
  });

  it('is read exactly by a reader that is cut off again and again', async () => {
    const seen: ReceivedEvent[] = await readEvents(await begin('nervous'), 3);
    while (seen.at(-1)?.data !== '[DONE]') {
      const last = indexesOf(seen).at(-1)!;
      seen.push(...(await resume('nervous', last, 1 + Math.floor(Math.random() * 12))));
    }
    expect(textOf(seen)).toBe(ANSWER.join(''));
    expect(indexesOf(seen)).toEqual(Array.from({ length: LAST_INDEX + 1 }, (_, index) => index));
  });
});
