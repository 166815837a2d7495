import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gone } from '../support/platform-process.ts';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  imageForm,
  type Job,
  jsonRequest,
  type PartName,
} from './embedded-platform.ts';
import { expectReadOnce } from './histories.ts';
import { home, MODEL, platform, startPlatform, TOKENS, upstream } from './shared-platform.ts';
import { indexesOf, readStream, readToEnd, type StreamedEvent, textOf } from './stream-reader.ts';

// Before processes are killed: these ask the same platform.
import './batches.ts';
import './chat.ts';

const EXAMPLES = [1, 2, 3] as const;
const BATCH = 2;

const jobs = new Map<string, Job>();

const ask = (sessionId: string): Promise<Response> => {
  const messages = [{ role: 'user', content: 'Siapa?' }];
  const question = jsonRequest({ model: MODEL, messages, stream: true, session_id: sessionId });
  return platform.request('/v1/chat/completions', question);
};
const resume = (sessionId: string, headers: Record<string, string> = {}) =>
  platform.request(`/v1/chat/completions/${sessionId}/stream`, { headers });

/** Every event of the answer, each once. */
function expectWhole(events: readonly StreamedEvent[]): void {
  expect(indexesOf(events)).toEqual(Array.from({ length: TOKENS.length + 2 }, (_, index) => index));
  expect(textOf(events)).toBe(TOKENS.join(''));
}

async function startBatch(): Promise<string> {
  const image = exampleImage(1).toString('base64');
  const items = Array.from({ length: BATCH }, (_, index) => ({ image_base64: image, custom_id: `c${index}` }));
  const response = await platform.request('/v1/ktp/batches', jsonRequest({ items }));
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** Nothing of it is lost or repeated. */
async function expectBatchWhole(id: string): Promise<void> {
  const seen = async () => (await platform.request(`/v1/ktp/batches/${id}`)).json();
  const end = { status: 'completed', counts: { total: BATCH, succeeded: BATCH, failed: 0 } };
  await expect.poll(seen, { timeout: 150_000, interval: 250 }).toMatchObject(end);
  const results = await (await platform.request(`/v1/ktp/batches/${id}/results`)).text();
  const rows = results
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map((row) => row.custom_id)).toEqual(Array.from({ length: BATCH }, (_, index) => `c${index}`));
  for (const row of rows) expect(JSON.stringify(row.result)).toContain(exampleTruth(1).nik);
}

/**
 * Lets something happen in the middle of an answer, while a card is being read and a batch waits; then all of it comes
 * to its end.
 */
async function interrupt(
  sessionId: string,
  fault: () => undefined | Promise<void>,
): Promise<{ job: Job; connections: number }> {
  // Slow enough that the answer outlasts the beginning of the rest.
  upstream.behave({ tokensPerSecond: 20 });
  let underway: Promise<readonly [card: string, batch: string]> | undefined;
  let mended: undefined | Promise<void>;
  const begin = async () => {
    const batch = await startBatch();
    const card = await platform.submit(exampleImage(1));
    await platform.running(card);
    mended = fault();
    upstream.behave({ tokensPerSecond: 60 });
    return [card, batch] as const;
  };
  const answer = await ask(sessionId);
  const { connections, events } = await readToEnd(
    () => platform,
    sessionId,
    answer,
    (count) => {
      if (count >= 10) underway ??= begin();
    },
  );
  expectWhole(events);
  if (!underway) throw new Error('the answer was too short');
  const [card, batch] = await underway;
  // Until then `platform` may be the one that was killed, on a port where nobody answers any more.
  await mended;
  await platform.ready();
  await platform.readyAgain();
  const job = await platform.finished(card);
  jobs.set(card, job);
  expect(job.status).toBe('succeeded');
  expect(job.result?.fields.nik?.value).toBe(exampleTruth(1).nik);
  await expectReadOnce(platform, [card]);
  await expectBatchWhole(batch);
  expect((await readStream(await resume(sessionId))).events).toEqual(events);
  return { job, connections };
}

async function everyJobIsThere(): Promise<void> {
  expect(jobs.size).toBeGreaterThan(0);
  for (const [id, job] of jobs) expect(await platform.job(id)).toEqual(job);
}

const compatTruth = (truth: Record<string, string | null>) => ({
  nik: truth.nik,
  nama: truth.nama,
  tempat_lahir: truth.tempat_lahir,
  tgl_lahir: (truth.tgl_lahir ?? '').split('-').reverse().join('-'),
  jenis_kelamin: truth.jenis_kelamin,
  alamat: {
    name: truth.alamat,
    rt_rw: `${truth.rt}/${truth.rw}`,
    kel_desa: truth.kel_desa,
    kecamatan: truth.kecamatan,
  },
  agama: truth.agama,
  status_perkawinan: truth.status_perkawinan,
  pekerjaan: truth.pekerjaan,
  kewarganegaraan: truth.kewarganegaraan,
  berlaku_hingga: truth.berlaku_hingga,
  provinsi: truth.provinsi,
  kabupaten_kota: truth.kabupaten_kota,
  gol_darah: truth.gol_darah,
});

describe('what lies in the home', () => {
  it('is closed to other users in itself, were the home moved into a folder that is not', () => {
    const open = readdirSync(home).filter((name) => (statSync(join(home, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });
});

describe('the specimens', () => {
  it('come back from /ktp-ocr/ with every field', async () => {
    const response = await platform.request('/ktp-ocr/', { method: 'POST', body: imageForm(exampleImage(1)) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(compatTruth(exampleTruth(1)));
    expect(response.headers.get('x-extraction-id')).toMatch(/^ext_/);
    for (const step of ['prepare', 'ocr', 'generate', 'assemble']) {
      expect(response.headers.get('server-timing')).toMatch(new RegExp(`${step};dur=[\\d.]+`));
    }
  });

  it.each(EXAMPLES)('number %i comes back as a job, with every field of the full shape', async (number) => {
    const id = await platform.submit(exampleImage(number), { reference_id: `example-${number}` });
    const job = await platform.finished(id);
    expect(job).toMatchObject({ status: 'succeeded', attempts: 1, error: null, reference_id: `example-${number}` });
    const values = Object.entries(job.result?.fields ?? {}).map(([name, field]) => [name, field.value]);
    expect(Object.fromEntries(values)).toEqual(exampleTruth(number));
    expect(job.result?.compat).toEqual(compatTruth(exampleTruth(number)));
    jobs.set(id, job);
  });
});

// What a process took with it is given to another one only after its time-outs.
describe('a process is killed in the middle of an answer, of a card and of a batch', { timeout: 300_000 }, () => {
  const parts: PartName[] = ['ktpflow-inference', 'temporal', 'ktpflow-api'];
  it.each(parts)('%s: no reader sees a gap or a repeat, and every card succeeds, once', async (name) => {
    const kill = (): undefined => void process.kill(platform.part(name).pid, 'SIGKILL');
    const { connections, job } = await interrupt(`killed-${name}`, kill);
    expect(job.attempts).toBeGreaterThanOrEqual(1);
    if (name === 'ktpflow-inference') expect(job.attempts).toBe(2);
    if (name !== 'ktpflow-api') expect(connections).toBe(1);
  });

  it('the supervisor: the next one copes with what is left, ends it, and keeps what was acknowledged', async () => {
    const tree = platform.tree();
    expect(tree.length).toBeGreaterThanOrEqual(5);
    await interrupt('killed-supervisor', () => {
      platform.kill('SIGKILL');
      // At once: the new supervisor has to cope with what the old one left behind.
      return startPlatform();
    });
    expect(await gone(tree, 10_000)).toEqual([]);
    await everyJobIsThere();
  });
});

describe('the home', () => {
  it('is refused to a second platform', async () => {
    const second = new EmbeddedPlatform(home);
    expect(await second.ended()).toBe(1);
    expect(second.lines).toHaveLength(1);
    expect(second.lines[0]).toMatch(/is in use by ktpflow, process \d+/);
    expect((await platform.request('/readyz')).status).toBe(200);
  });

  it('keeps finished cards and answers over a Ctrl-C, which leaves no process; live streams end with an error and go on', async () => {
    const finished = (await readStream(await ask('finished'))).events;
    const tree = platform.tree();
    const live = await readStream(await ask('live'), (_event, count) => {
      if (count === 30) platform.kill('SIGINT');
    });
    expect(live).toMatchObject({ done: false, broken: false, error: { code: 'shutting_down' } });
    expect(await platform.ended()).toBe(0);
    expect(await gone(tree, 0)).toEqual([]);
    expect(platform.tree()).toEqual([]);
    await startPlatform();
    await everyJobIsThere();
    expect((await readStream(await resume('finished'))).events).toEqual(finished);
    const seen = live.events.slice(0, -1);
    const last = seen.at(-1)?.id ?? '';
    expect(live.events.at(-1)?.id).toBe(last);
    const rest = await readToEnd(() => platform, 'live', await resume('live', { 'last-event-id': last }));
    expectWhole([...seen, ...rest.events]);
  });

  it('leaves no process within ten seconds after a kill -9 of the supervisor', async () => {
    const tree = platform.tree();
    platform.kill('SIGKILL');
    expect(await gone(tree, 10_000)).toEqual([]);
    expect(platform.tree()).toEqual([]);
  });
});
