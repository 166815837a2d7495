import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  type PartName,
  temporaryFolder,
} from '../e2e/embedded-platform.ts';
import { jsonRequest } from '../support/api.ts';
import {
  chatEnvironment,
  eventsUntilCut,
  indexesOf,
  MODEL,
  type ReceivedEvent,
  textOf,
  tokens,
} from '../support/chat.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

/** How often each fault is tried; the soak asks for more. */
const ROUNDS = Number(process.env.CHAT_FAILOVER_ROUNDS ?? 1);
const ANSWER = tokens(400);
const TOKENS_PER_SECOND = 100;
/** Longer than the activity's heartbeat time-out. */
const FROZEN_MS = 4_000;

const folder = temporaryFolder();
let upstream: Upstream;
let platform: EmbeddedPlatform;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: TOKENS_PER_SECOND });
  platform = await EmbeddedPlatform.start(join(folder.path, 'home'), chatEnvironment(upstream));
}, 120_000);
afterAll(async () => {
  await platform?.end();
  await upstream?.close();
  folder.remove();
});

/** Reads events into `seen`, until an error or a cut. */
async function readInto(seen: ReceivedEvent[], response: Response): Promise<void> {
  for await (const { id, data } of eventsUntilCut(response)) {
    if (data !== '[DONE]' && 'error' in JSON.parse(data)) return;
    seen.push({ id, data });
  }
}

/** A patient client: whatever happens to the connection, it comes back for what it has not seen. */
async function readThrough(session: string, timeoutMs = 60_000): Promise<ReceivedEvent[]> {
  const seen: ReceivedEvent[] = [];
  const body = { model: MODEL, stream: true, session_id: session, messages: [{ role: 'user', content: 'Halo' }] };
  for (const start = Date.now(); Date.now() - start < timeoutMs; await delay(50)) {
    const last = seen.findLast(({ id }) => id !== null)?.id;
    const init = jsonRequest(body);
    const headers = { ...init.headers, ...(last ? { 'last-event-id': last } : { 'x-stainless-retry-count': '1' }) };
    const response = await platform.request('/v1/chat/completions', { ...init, headers }).catch(() => undefined);
    if (response?.ok) await readInto(seen, response);
    else await response?.body?.cancel();
    if (seen.at(-1)?.data === '[DONE]') return seen;
  }
  throw new Error(`no end after ${seen.length} events:\n${platform.output}`);
}

function expectWhole(events: readonly ReceivedEvent[]): void {
  expect(textOf(events)).toBe(ANSWER.join(''));
  expect(indexesOf(events)).toEqual(Array.from({ length: ANSWER.length + 2 }, (_, index) => index));
}

/** Lets something happen in mid-answer. */
async function readWhile(session: string, fault: () => void | Promise<void>): Promise<ReceivedEvent[]> {
  const reading = readThrough(session);
  await delay(500 + Math.random() * 2_500);
  await fault();
  return reading;
}

const kill = (name: PartName) => () => void process.kill(platform.part(name).pid, 'SIGKILL');
const rounds = Array.from({ length: ROUNDS }, (_, round) => round + 1);

describe.each(rounds)('an answer, round %i', (round) => {
  it.each(['ktpflow-inference', 'ktpflow-api', 'temporal'] as const)(
    'is whole after kill -9 of %s in its middle',
    async (name) => {
      expectWhole(await readWhile(`${name}-${round}`, kill(name)));
      await platform.readyAgain();
    },
    120_000,
  );

  it('is whole after its inference process was frozen for longer than its heartbeats may take', async () => {
    const events = await readWhile(`frozen-${round}`, async () => {
      const { pid } = platform.part('ktpflow-inference');
      process.kill(pid, 'SIGSTOP');
      await delay(FROZEN_MS);
      process.kill(pid, 'SIGCONT');
    });
    expectWhole(events);
  }, 120_000);
});

it('a card that is read for ktp-ocr is read nevertheless after kill -9 of ktpflow-inference', async () => {
  const url = `data:image/jpeg;base64,${exampleImage(1).toString('base64')}`;
  const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
  const answering = platform.request('/v1/chat/completions', jsonRequest({ model: 'ktp-ocr', messages }));
  await delay(300);
  kill('ktpflow-inference')();
  expect(await (await answering).text()).toContain(exampleTruth(1).nik);
  await platform.readyAgain();
}, 120_000);

it('replays what was finished after a restart of everything', async () => {
  const events = await readThrough('kept');
  const home = platform.home;
  await platform.end();
  platform = await EmbeddedPlatform.start(home, chatEnvironment(upstream));
  const before = upstream.requests.length;
  expect(await readThrough('kept')).toEqual(events);
  expect(upstream.requests.length).toBe(before);
}, 120_000);
