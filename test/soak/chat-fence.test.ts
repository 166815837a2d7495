import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forkModule } from '../../src/runtime/processes/fork-module.ts';
import { jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, indexesOf, MODEL, readEvents, startGenerations, textOf, tokens } from '../support/chat.ts';
import { TEST_ENCRYPTION_KEYS } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const ANSWER = tokens(400);
const PROCESS = fileURLToPath(new URL('../support/generation-process.ts', import.meta.url));

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: 40 });
  platform = await startPlatform({ environment: chatEnvironment(upstream) });
  platform.startWorkflows();
  api = await startTestApi(platform);
});
afterAll(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await api.close();
  await platform.stop();
  await upstream.close().catch(() => undefined);
});

function startProcess(): ChildProcess {
  const env = {
    ...process.env,
    ...chatEnvironment(upstream),
    KTPFLOW_HOME: platform.folder,
    ENCRYPTION_KEYS: TEST_ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: platform.config.TEMPORAL_ADDRESS,
  };
  const child = forkModule(PROCESS, [], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  processes.push(child);
  return child;
}

const begin = (session: string) => {
  const body = { model: MODEL, stream: true, session_id: session, messages: [{ role: 'user', content: 'Halo' }] };
  return api.request('/v1/chat/completions', jsonRequest(body));
};

describe('a frozen inference process', () => {
  it.each([1, 2, 3])('that wakes up while another one goes on does no harm, round %i', async (round) => {
    const frozen = startProcess();
    const response = await begin(`frozen-${round}`);
    const reading = readEvents(response);
    await sleep(1_000);
    const others = startGenerations(platform);
    const before = upstream.requests.length;
    frozen.kill('SIGSTOP');
    for (let tries = 0; upstream.requests.length === before && tries < 2_400; tries++) await sleep(50);
    // The server may hand the frozen one some retries first. Now the other one has taken over, and both want to write.
    expect(upstream.requests.length).toBeGreaterThan(before);
    await sleep(300);
    frozen.kill('SIGCONT');
    const events = await reading;
    expect(textOf(events)).toBe(ANSWER.join(''));
    expect(indexesOf(events)).toEqual(Array.from({ length: ANSWER.length + 2 }, (_, index) => index));
    frozen.kill('SIGKILL');
    await others.stop();
  });
});

describe('a cancelled answer whose process is frozen', () => {
  it.each([0, 1_000])('stays as it was ended, though the process wakes up, after %i ms of tokens', async (readMs) => {
    const frozen = startProcess();
    const session = `ended-${readMs}`;
    upstream.behave({ firstTokenDelayMs: readMs === 0 ? 30_000 : 0 });
    const before = upstream.requests.length;
    const response = begin(session);
    for (let tries = 0; upstream.requests.length === before && tries < 600; tries++) await sleep(50);
    await sleep(readMs);
    const reading = response.then((opened) => readEvents(opened));
    frozen.kill('SIGSTOP');
    await api.request(`/v1/cancel/${session}`, { method: 'POST' });
    const events = await reading;
    expect(JSON.parse(events.at(-2)!.data)).toMatchObject({ cancelled: true });
    expect(ANSWER.join('').startsWith(textOf(events))).toBe(true);
    upstream.behave({ firstTokenDelayMs: 0 });
    frozen.kill('SIGCONT');
    await sleep(2_000);
    const again = await api.request(`/v1/chat/completions/${session}/stream`);
    expect((await readEvents(again)).map(({ data }) => data)).toEqual(events.map(({ data }) => data));
    frozen.kill('SIGKILL');
  });
});

describe('an engine that is slow to begin', () => {
  it('gets its reader headers after ten seconds, and signs of life', async () => {
    const generations = startGenerations(platform);
    upstream.behave({ firstTokenDelayMs: 32_000, tokens: tokens(3) });
    const startedAt = performance.now();
    const response = await begin('slow');
    const waited = performance.now() - startedAt;
    expect(waited).toBeGreaterThan(9_500);
    expect(waited).toBeLessThan(12_000);
    const lives: number[] = [];
    let text = '';
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(bytes).toString();
      lives.push(performance.now());
    }
    expect(text).toMatch(/^id: slow:0\ndata: .*"role":"assistant".*\n\n: keep-alive\n: keep-alive\n/);
    expect(text).toMatch(/ t2.*data: \[DONE\]\n\n$/s);
    for (const [index, at] of lives.entries()) expect(at - (lives[index - 1] ?? at)).toBeLessThan(15_000);
    await generations.stop();
  });
});

describe('an engine that goes away in mid-answer and stays away', () => {
  it('is waited for, and given up with an error event', async () => {
    const generations = startGenerations(platform);
    upstream.behave({ firstTokenDelayMs: 0, tokens: ANSWER });
    const reading = begin('orphan').then((response) => readEvents(response));
    await sleep(3_000);
    await upstream.close();
    const startedAt = performance.now();
    const events = await reading;
    expect(performance.now() - startedAt).toBeGreaterThan(20_000);
    expect(JSON.parse(events.at(-1)!.data)).toMatchObject({ error: { code: 'upstream_failed' } });
    expect(ANSWER.join('').startsWith(textOf(events.slice(0, -1)))).toBe(true);
    expect(indexesOf(events)).toEqual(events.map((_, index) => index));
    await generations.stop();
  });
});
