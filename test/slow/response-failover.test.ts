import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedPlatform, type PartName, temporaryFolder } from '../e2e/embedded-platform.ts';
import { jsonOf, jsonRequest } from '../support/api.ts';
import { chatEnvironment, eventsUntilCut, MODEL, tokens } from '../support/chat.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const ANSWER = tokens(400);
const TOKENS_PER_SECOND = 100;
const RESPONSES = '/v1/responses';

interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly delta?: string;
  readonly response?: ResponseObject;
}
interface ResponseObject {
  readonly id: string;
  readonly status: string;
  readonly output: readonly { readonly content: readonly { readonly text: string }[] }[];
}

const folder = temporaryFolder();
let upstream: Upstream;
let platform: EmbeddedPlatform;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: TOKENS_PER_SECOND });
  platform = await EmbeddedPlatform.start(join(folder.path, 'home'), {
    ...chatEnvironment(upstream),
    // A process that was killed has no readers until it is back, which takes a while on a busy machine.
    CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '120',
  });
}, 120_000);
afterAll(async () => {
  await platform?.end();
  await upstream?.close();
  folder.remove();
});

/** Reads events into `seen`, until the end or a cut. */
async function readInto(seen: ResponseEvent[], response: Response): Promise<void> {
  for await (const { data } of eventsUntilCut(response)) seen.push(JSON.parse(data) as ResponseEvent);
}

const isOver = (seen: readonly ResponseEvent[]) =>
  /^response\.(completed|failed|incomplete)$/.test(seen.at(-1)?.type ?? '');

/** A patient client: it begins a response under one key, and comes back for the events that it has not seen. */
async function readThrough(id?: string): Promise<ResponseEvent[]> {
  const seen: ResponseEvent[] = [];
  const init = jsonRequest({ model: MODEL, input: 'Halo', stream: true });
  const begin = { ...init, headers: { ...init.headers, 'idempotency-key': randomUUID() } };
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await delay(50)) {
    const known = id ?? seen[0]?.response?.id;
    const after = seen.length > 0 ? `&starting_after=${seen.at(-1)?.sequence_number}` : '';
    const asking =
      known === undefined
        ? platform.request(RESPONSES, begin)
        : platform.request(`${RESPONSES}/${known}?stream=true${after}`);
    const response = await asking.catch(() => undefined);
    if (response?.ok) await readInto(seen, response);
    else await response?.body?.cancel();
    if (isOver(seen)) return seen;
  }
  throw new Error(`no end after ${seen.length} events:\n${platform.output}`);
}

/** No gap, no repeat at any number, and the last event is the response that is kept. */
async function expectWhole(events: readonly ResponseEvent[]): Promise<void> {
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
  expect(deltas.map(({ delta }) => delta)).toEqual(ANSWER);
  const last = events.at(-1)?.response;
  expect(last).toMatchObject({ status: 'completed', output: [{ content: [{ text: ANSWER.join('') }] }] });
  const kept = await platform.request(`${RESPONSES}/${last?.id}`);
  expect(await kept.json()).toEqual(last);
}

const kill = (name: PartName): void => void process.kill(platform.part(name).pid, 'SIGKILL');
const inItsMiddle = () => delay(500 + Math.random() * 2_500);
const parts = ['ktpflow-inference', 'ktpflow-api', 'temporal'] as const;

describe('a response', () => {
  it.each(parts)('that is streamed is whole after kill -9 of %s in its middle', async (name) => {
    const reading = readThrough();
    await inItsMiddle();
    kill(name);
    await expectWhole(await reading);
    await platform.readyAgain();
  });

  it.each(parts)('in the background is whole after kill -9 of %s, read or not', async (name) => {
    const begin = async () =>
      jsonOf<ResponseObject>(
        await platform.request(RESPONSES, jsonRequest({ model: MODEL, input: 'Halo', background: true })),
      );
    const [read, unread] = await Promise.all([begin(), begin()]);
    const reading = readThrough(read.id);
    await inItsMiddle();
    kill(name);
    await expectWhole(await reading);
    // Nobody has followed the other one.
    await expectWhole(await readThrough(unread.id));
    await platform.readyAgain();
  });
});

it('goes on after any number once everything was restarted', async () => {
  const events = await readThrough();
  const { home } = platform;
  await platform.end();
  platform = await EmbeddedPlatform.start(home, chatEnvironment(upstream));
  const id = events[0]?.response?.id;
  for (const after of [-1, 0, 1, 200, events.length - 2]) {
    const query = after < 0 ? '' : `&starting_after=${after}`;
    const rest: ResponseEvent[] = [];
    await readInto(rest, await platform.request(`${RESPONSES}/${id}?stream=true${query}`));
    expect(rest, `after ${after}`).toEqual(events.slice(after + 1));
  }
});
