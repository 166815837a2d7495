import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chatWorkflowId } from '../../src/contract/chat-workflow.ts';
import { WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { createTemporalClient } from '../../src/runtime/roles/connect.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, readEvents, startGenerations, textOf, tokens } from '../support/chat.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const SOON = { timeout: 20_000, interval: 20 };
const OLD = new Date(Date.now() - 6 * 60_000);
const ANSWER = tokens(10).join('');

let upstream: Upstream;
let platform: Platform;
/** The process with the bad way to Temporal, and another one with a good one. */
let far: TestApi;
let near: TestApi;
let proxy: FaultProxy;
let generations: KeptWorkers;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: tokens(10) });
  platform = await startPlatform({ environment: chatEnvironment(upstream) });
  platform.startWorkflows();
  generations = startGenerations(platform);
  proxy = await startFaultProxy(platform.config.TEMPORAL_ADDRESS ?? '');
  const config = { ...platform.config, TEMPORAL_ADDRESS: proxy.address };
  far = await startTestApi({ ...platform, config, temporal: createTemporalClient(config, platform.keyring) });
  near = await startTestApi(platform);
}, 90_000);
afterAll(async () => {
  await Promise.all([far?.close(), near?.close()]);
  await far?.context.temporal.connection.close();
  await proxy?.close();
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
});
afterEach(() => {
  befall();
  upstream.behave({ tokens: tokens(10), tokensPerSecond: 0 });
});

/** Faults of the next starts, in their order; the last one goes on. */
function befall(...faults: Fault[]): void {
  const left = [...faults];
  proxy.decide = () => (left.length > 1 ? left.shift() : left[0]) ?? 'none';
}

const complete = (api: TestApi, session?: string) => {
  const messages = [{ role: 'user', content: 'Halo' }];
  const init = jsonRequest({ model: MODEL, messages, stream: true, ...(session && { session_id: session }) });
  return api.request('/v1/chat/completions', init);
};
const unavailable = { status: 503, code: 'temporal_unavailable' };
const cancel = async (session: string) =>
  (await jsonOf<{ status: string }>(await near.request(`/v1/cancel/${session}`, { method: 'POST' }))).status;
const workflowOf = (session: string) =>
  platform.temporal.workflow.getHandle(chatWorkflowId(platform.keyring.hmac('session', 'anonymous', session)));
const openRuns = async () => {
  const { executions } = await platform.temporal.workflowService.listOpenWorkflowExecutions({
    namespace: platform.config.TEMPORAL_NAMESPACE,
    startTimeFilter: {},
    typeFilter: { name: 'chatCompletionWorkflow' },
  });
  return executions.length;
};

describe('an answer', () => {
  it.each<Fault>(['delayed', 'lost', 'reset', 'duplicated'])(
    'whose start is %s is generated once, and read',
    async (fault) => {
      befall(fault, 'none');
      const before = upstream.requests.length;
      expect(textOf(await readEvents(await complete(far, `start-${fault}`)))).toBe(ANSWER);
      expect(upstream.requests.length - before).toBe(1);
      expect(await platform.database.chatGeneration.count({ where: { outcome: null, createdAt: { lt: OLD } } })).toBe(
        0,
      );
    },
  );

  it('of which nobody knows whether it was started is found by a repeat, which does not start another', async () => {
    befall('lost');
    upstream.behave({ tokens: tokens(100), tokensPerSecond: 12 });
    const before = upstream.requests.length;
    expect(await errorOf(await complete(far, 'found'))).toMatchObject(unavailable);
    expect(textOf(await readEvents(await complete(near, 'found')))).toBe(tokens(100).join(''));
    expect(upstream.requests.length - before).toBe(1);
  });

  it('of which nobody knows whether it was started can be cancelled', async () => {
    befall('lost');
    upstream.behave({ tokens: tokens(2000), tokensPerSecond: 20 });
    expect(await errorOf(await complete(far, 'cancelled'))).toMatchObject(unavailable);
    expect(await cancel('cancelled')).toBe('cancelled');
    await expect.poll(async () => (await workflowOf('cancelled').describe()).status.name, SOON).toBe('COMPLETED');
  });

  it('of a session that nobody was told of does not go on as a ghost', async () => {
    befall('lost');
    upstream.behave({ tokens: tokens(2000), tokensPerSecond: 20 });
    await expect.poll(openRuns, { timeout: 10_000 }).toBe(0);
    const before = await platform.database.chatGeneration.count();
    expect(await errorOf(await complete(far))).toMatchObject(unavailable);
    await expect.poll(openRuns, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => platform.database.chatGeneration.count(), SOON).toBe(before);
    await expect.poll(() => upstream.requests.at(-1)?.closedAt, { timeout: 5_000 }).not.toBeNull();
  });

  it('that never got to Temporal leaves no row behind, also where its process has died', async () => {
    befall('held');
    const lost = complete(far, 'never');
    const isLost = { where: { outcome: null, createdAt: { gt: new Date(Date.now() - 3_000) } } };
    await expect.poll(() => platform.database.chatGeneration.count(isLost), SOON).toBe(1);
    upstream.behave({ tokens: tokens(200), tokensPerSecond: 20 });
    const running = readEvents(await complete(near, 'runs'));
    await platform.database.chatGeneration.updateMany({ where: { outcome: null }, data: { createdAt: OLD } });
    const removed = await platform.temporal.workflow.execute('retentionWorkflow', {
      taskQueue: WORKER_TASK_QUEUE,
      workflowId: 'retention-of-this-test',
    });
    expect(removed).toMatchObject({ abandoned: 1 });
    expect(await errorOf(await lost)).toMatchObject(unavailable);
    expect(textOf(await running)).toBe(tokens(200).join(''));
  });
});
