import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinPieces } from '../../src/chat/piece-text.ts';
import { chatWorkflowId, streamLogWorkflowId } from '../../src/contract/chat-workflow.ts';
import { WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { readStream } from '../../src/stream-history/stream-history.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, readEvents, startGenerations, textOf, tokens } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const SECRET = 'kalimat-rahasia';

let upstream: Upstream;
let platform: Platform;
let api: TestApi;
let generations: KeptWorkers;

beforeAll(async () => {
  upstream = await startUpstream({ tokens: tokens(30) });
  platform = await startPlatform({
    environment: { ...chatEnvironment(upstream), PERSIST_SESSIONS: '0' },
    ownTemporal: true,
  });
  platform.startWorkflows();
  generations = startGenerations(platform);
  api = await startTestApi(platform);
});
afterAll(async () => {
  await api?.close();
  await generations?.stop();
  await platform?.stop();
  await upstream?.close();
});

const complete = (session: string, extra: object = {}) =>
  api.request(
    '/v1/chat/completions',
    jsonRequest({
      model: MODEL,
      messages: [{ role: 'user', content: SECRET }],
      session_id: session,
      stream: true,
      ...extra,
    }),
  );
const cancel = async (session: string) =>
  (await jsonOf<{ status: string }>(await api.request(`/v1/cancel/${session}`, { method: 'POST' }))).status;
const sessionHash = (session: string) => platform.keyring.hmac('session', 'anonymous', session);
const rows = () => platform.database.chatGeneration.findMany();
const isKnown = (run: { describe(): Promise<unknown> }) =>
  run.describe().then(
    () => true,
    () => false,
  );

async function eventually<Value>(read: () => Promise<Value>, done: (value: Value) => boolean): Promise<Value> {
  for (const start = Date.now(); ; await sleep(50)) {
    const value = await read();
    if (done(value) || Date.now() - start > 45_000) return value;
  }
}

describe('where sessions are not kept', () => {
  it('an answer is streamed to its end and is unknown afterwards', async () => {
    const events = await readEvents(await complete('gone'));
    expect(textOf(events)).toBe(tokens(30).join(''));
    await eventually(rows, (all) => all.every(({ blob, outcome }) => outcome !== null && blob === null));
    const again = await api.request('/v1/chat/completions/gone/stream');
    expect(await errorOf(again)).toMatchObject({ status: 404, code: 'session_not_found' });
    expect(await rows()).toMatchObject([{ outcome: 'finished', sealedTranscript: null, blob: null }]);
  });

  it('a second cancel says the same as the first', async () => {
    upstream.behave({ tokensPerSecond: 20 });
    const reading = readEvents(await complete('cancelled'));
    expect(await cancel('cancelled')).toBe('cancelled');
    await reading;
    await eventually(rows, (all) => all.every(({ blob, outcome }) => outcome !== null && blob === null));
    expect(await cancel('cancelled')).toBe('cancelled');
    upstream.behave({ tokensPerSecond: 0 });
  });

  it('the removal of what has expired takes rows and histories', async () => {
    const before = await rows();
    expect(before.map(({ runId }) => runId)).not.toContain(null);
    const logs = before.map(({ id }) => platform.temporal.workflow.getHandle(streamLogWorkflowId(id)));
    const known = () => Promise.all(logs.map((log) => isKnown(log)));
    // Of the cancelled one, which was more than one record long.
    expect(await known()).toContain(true);
    await platform.temporal.workflow.execute('retentionWorkflow', {
      taskQueue: WORKER_TASK_QUEUE,
      workflowId: 'retention-of-this-test',
    });
    expect(await rows()).toEqual([]);
    expect(await cancel('cancelled')).toBe('not_found');
    expect(await eventually(known, (all) => !all.includes(true))).not.toContain(true);
  }, 60_000);

  // A Temporal server that ran before has its files elsewhere.
  it.skipIf(process.env.TEST_TEMPORAL_ADDRESS)('nothing that was said stands anywhere in plain text', async () => {
    upstream.behave({ tokens: [SECRET.toUpperCase()] });
    await readEvents(await complete('secret'));
    const files = await readdir(platform.folder, { recursive: true, withFileTypes: true });
    let searched = 0;
    for (const file of files.filter((entry) => entry.isFile())) {
      const bytes = await readFile(join(file.parentPath, file.name));
      searched += bytes.length;
      for (const text of [SECRET, SECRET.toUpperCase(), 'secret"']) {
        expect(bytes.includes(text), `${file.name} holds ${text}`).toBe(false);
      }
    }
    expect(searched).toBeGreaterThan(100_000);
    expect(api.logs.join('\n')).not.toMatch(/rahasia/i);
  });

  it("a copy of the history opens with the answer's own key, and not with the master keys alone", async () => {
    upstream.behave({ tokens: [SECRET] });
    expect(textOf(await readEvents(await complete('copied')))).toBe(SECRET);
    const workflowId = chatWorkflowId(sessionHash('copied'));
    const handle = platform.temporal.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    const { loadedDataConverter, namespace } = platform.temporal.options;
    const { events } = await handle.fetchHistory();
    const payloads = (events ?? []).flatMap(
      (event) => event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? [],
    );
    const decoded = await loadedDataConverter.payloadCodecs[0]?.decode(payloads);
    expect(decoded?.length).toBeGreaterThan(0);
    expect(decoded?.map(({ data }) => Buffer.from(data ?? []).toString()).join('')).not.toContain(SECRET);
    const source = { connection: platform.temporal.connection, namespace, dataConverter: loadedDataConverter };
    const read = (dataKey: Uint8Array) => readStream(source, { workflowId, runId, dataKey });
    const row = await platform.database.chatGeneration.findFirstOrThrow({
      where: { sessionHash: sessionHash('copied') },
    });
    const view = await read(platform.keyring.unwrapDataKey(row.wrappedKey));
    expect(joinPieces(view.pieces).content).toBe(SECRET);
    await expect(read(randomBytes(32))).rejects.toThrow('do not open');
  });

  it('a removed history is gone in the end', async () => {
    const described = () =>
      platform.temporal.workflow
        .getHandle(chatWorkflowId(sessionHash('gone')))
        .describe()
        .then(
          () => 'there',
          (error: Error) => error.name,
        );
    expect(await eventually(described, (state) => state !== 'there')).toBe('WorkflowNotFoundError');
  });
});
