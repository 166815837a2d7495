import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../src/runtime/assets/cache-folder.ts';
import { openEmbeddedDatabase } from '../../src/runtime/embedded/pglite.ts';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import { createHome } from '../support/database-template.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  type Job,
  jsonRequest,
  temporaryFolder,
} from './embedded-platform.ts';
import { withTemporal } from './histories.ts';
import { filesUnder, TraceFinder } from './traces.ts';

const EXTRACTIONS = '/v1/ktp/extractions';
const MODEL = 'Qwen/Qwen3-VL-2B-Instruct';
const OURS = {
  fileName: 'foto-ktp-ibu-kartini-pratiwi.jpg',
  referenceId: 'nasabah-7781-kartini',
  metadataKey: 'cabang-rahasia',
  metadataValue: 'Jalan Tersembunyi 99',
  requestId: 'permintaan-3504074906650000',
  query: 'pencarian-sangat-pribadi',
  imageUrl: 'http://rahasia-sekali.invalid/ktp-kartini.jpg',
  customId: 'nomor-antrian-rahasia-17',
  question: 'Siapakah ibu kandung nasabah ini?',
  answer: 'Ibu kandungnya bernama Sumiyati.',
  sessionId: 'sesi-pribadi-kartini',
  user: 'pengguna-pribadi-42',
  note: 'catatan pemeriksa: nasabah kembar',
  webhookPath: 'kait-pribadi-kartini',
  uploadName: 'berkas-rahasia-kartini.jpg',
  input: 'Bacakan nomor rekening nasabah ini!',
};

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const temporary = join(folder.path, 'tmp');
const user = join(folder.path, 'user');
/** Where a library could leave something, besides the home. */
const environment = {
  LOG_LEVEL: 'trace',
  TMPDIR: temporary,
  HOME: user,
  XDG_CACHE_HOME: undefined,
  KTPFLOW_CACHE: cacheFolder(process.env.KTPFLOW_CACHE),
};
let platform: EmbeddedPlatform;
let upstream: Upstream;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
/** A card that waits for a person to the end: its pictures lie among what is searched. */
let waiting: string;

/** All that stands on the cards and is long enough to be found, and all that the caller said of them. */
const finder = new TraceFinder(
  [
    ...([1, 2, 3] as const).flatMap((number) => {
      const { nik, nama, alamat, tgl_lahir, tempat_lahir } = exampleTruth(number);
      const words = [
        nik,
        nama,
        alamat,
        tgl_lahir?.split('-').reverse().join('-'),
        tempat_lahir,
        ...(nama ?? '').split(' '),
      ];
      return words.filter((word) => word !== null && word !== undefined && word.length >= 8) as string[];
    }),
    ...Object.values(OURS),
    ...OURS.answer.split(' ').filter((word) => word.length >= 8),
  ],
  ([1, 2, 3] as const).map(exampleImage),
);

beforeAll(async () => {
  for (const path of [temporary, user]) mkdirSync(path);
  await createHome(home);
  receiver = await startReceiver();
  upstream = await startUpstream({ tokens: OURS.answer.split(/(?= )/), model: MODEL });
  platform = await EmbeddedPlatform.start(home, {
    ...environment,
    VLM_BASE_URL: upstream.url,
    VLM_CANARY: '0',
    MODEL_REPO_ID: MODEL,
    ALLOW_PRIVATE_URLS: '1',
    WEBHOOK_SECRET: `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`,
  });
});
afterAll(async () => {
  await platform?.end();
  await upstream?.close();
  await receiver?.close();
  folder.remove();
});

/** What a webhook is told. */
async function startReceiver() {
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    told.push(text);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { address: `http://127.0.0.1:${port}`, told, close };
}

function form(number: 1 | 2 | 3, options: object): FormData {
  const data = new FormData();
  data.append('image', new Blob([new Uint8Array(exampleImage(number))], { type: 'image/jpeg' }), OURS.fileName);
  data.append('options', JSON.stringify(options));
  return data;
}

async function extract(number: 1 | 2 | 3, options: object = {}): Promise<Job> {
  const response = await platform.request(EXTRACTIONS, {
    method: 'POST',
    body: form(number, {
      reference_id: OURS.referenceId,
      metadata: { [OURS.metadataKey]: OURS.metadataValue },
      ...options,
    }),
    headers: { 'x-request-id': OURS.requestId },
  });
  expect(response.headers.get('x-request-id')).toBe(OURS.requestId);
  return platform.finished(((await response.json()) as Job).id);
}

const blobs = () => filesUnder(join(home, 'blobs'));

const historyIsThere = (id: string) =>
  withTemporal(platform, (client) =>
    client.workflow
      .getHandle(`extraction-${id}`)
      .fetchHistory()
      .then(
        () => true,
        () => false,
      ),
  );

describe('what stands on a card and what its caller says of it', () => {
  let kept: Job;

  it('is given back to the caller', async () => {
    kept = await extract(1);
    expect(kept).toMatchObject({
      status: 'succeeded',
      reference_id: OURS.referenceId,
      metadata: { [OURS.metadataKey]: OURS.metadataValue },
      result: { compat: { nik: exampleTruth(1).nik } },
    });
    const response = await platform.request('/ktp-ocr/', { method: 'POST', body: form(3, {}) });
    expect(await response.json()).toMatchObject({ nik: exampleTruth(3).nik });
  });

  it('is given back of a batch', async () => {
    const image = exampleImage(1).toString('base64');
    const item = { image_base64: image, custom_id: OURS.customId, name: OURS.fileName };
    const created = await platform.request(
      '/v1/ktp/batches',
      jsonRequest({
        items: [{ ...item, metadata: { [OURS.metadataKey]: OURS.metadataValue } }, { image_url: OURS.imageUrl }],
        metadata: { [OURS.metadataKey]: OURS.metadataValue },
      }),
    );
    expect(created.status).toBe(202);
    const { id } = (await created.json()) as { id: string };
    const end = async () => {
      const batch = (await (await platform.request(`/v1/ktp/batches/${id}?wait=2`)).json()) as { finished_at: unknown };
      return batch.finished_at;
    };
    await expect.poll(end, { timeout: 60_000 }).not.toBe(null);
    const results = await (await platform.request(`/v1/ktp/batches/${id}/results?format=csv`)).text();
    for (const text of [OURS.customId, OURS.fileName, exampleTruth(1).nik ?? '']) expect(results).toContain(text);
  });

  it('is given back in a chat', async () => {
    const messages = [{ role: 'user', content: OURS.question }];
    const asked = { model: MODEL, messages, session_id: OURS.sessionId, user: OURS.user };
    const answer = await platform.request('/v1/chat/completions', jsonRequest(asked));
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: OURS.answer } }] });
    const url = `data:image/jpeg;base64,${exampleImage(2).toString('base64')}`;
    const card = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const read = await platform.request('/v1/chat/completions', jsonRequest({ model: 'ktp-ocr', messages: card }));
    expect(await read.text()).toContain(exampleTruth(2).nik);
    const path = `/v1/chat/completions/${OURS.sessionId}/stream`;
    expect(await (await platform.request(path)).text()).toContain('Sumiyati');
  });

  it('and what goes wrong tells nothing of it either', async () => {
    const nik = exampleTruth(1).nik ?? '';
    const requests: [string, RequestInit?][] = [
      [`/v1/${nik}`],
      [`${EXTRACTIONS}/${nik}`],
      [`${EXTRACTIONS}?reference_id=${OURS.referenceId}&cursor=${OURS.query}`],
      [`/ktp-ocr/?${OURS.query}=${nik}`, { method: 'POST' }],
      [EXTRACTIONS, jsonRequest({ image_url: OURS.imageUrl })],
      [EXTRACTIONS, jsonRequest({ image_base64: Buffer.from(OURS.metadataValue).toString('base64') })],
      [EXTRACTIONS, jsonRequest({ image_base64: nik, options: { strategy: OURS.query } })],
      [EXTRACTIONS, { ...jsonRequest({}), body: `{"${nik}": "${OURS.metadataValue}` }],
      ['/v1/admin/keys', { headers: { authorization: `Bearer ${OURS.query}` } }],
      [
        `/health?${OURS.query}`,
        { headers: { 'user-agent': OURS.query, referer: `http://x/${nik}`, cookie: `a=${nik}` } },
      ],
    ];
    for (const [path, init] of requests) {
      const response = await platform.request(path, init);
      const text = await response.text();
      if (path.startsWith('/health')) continue;
      expect(finder.inBytes(Buffer.from(text), `${response.status} ${text}`)).toEqual([]);
    }
  });

  it('also when a process dies over it', async () => {
    const id = await platform.submit(exampleImage(1), { reference_id: OURS.referenceId });
    await platform.running(id);
    process.kill(platform.part('ktpflow-inference').pid, 'SIGKILL');
    expect((await platform.finished(id)).status).toBe('succeeded');
  });

  it('is in no command line and in no answer of Temporal', async () => {
    for (const { pid } of platform.tree()) {
      expect(finder.inBytes(Buffer.from(commandLineOf(pid) ?? ''), `process ${pid}`)).toEqual([]);
    }
    const histories = await withTemporal(platform, async (client) => {
      const handle = client.workflow.getHandle(`extraction-${kept.id}`);
      const description = await client.workflowService.describeWorkflowExecution({
        namespace: 'default',
        execution: { workflowId: handle.workflowId },
      });
      return JSON.stringify([await handle.fetchHistory(), description]);
    });
    expect(histories).toContain('readCard');
    expect(finder.inBytes(Buffer.from(histories), 'history')).toEqual([]);
  });

  it('the image is gone when the card is read, unless it is to be stored', async () => {
    await expect.poll(blobs).toEqual([]);
    const stored = await extract(1, { store_image: true });
    expect(blobs()).toHaveLength(1);
    expect((await platform.request(`${EXTRACTIONS}/${stored.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(blobs()).toEqual([]);
  });

  it('DELETE erases result and history, and a second one finds nothing', async () => {
    const job = await extract(2);
    expect(await historyIsThere(job.id)).toBe(true);
    const path = `${EXTRACTIONS}/${job.id}`;
    expect((await platform.request(path, { method: 'DELETE' })).status).toBe(204);
    expect((await platform.request(path)).status).toBe(404);
    expect((await platform.request(path, { method: 'DELETE' })).status).toBe(404);
    expect((await platform.request(`${path}/cancel`, { method: 'POST' })).status).toBe(404);
    await expect.poll(() => historyIsThere(job.id), { interval: 250 }).toBe(false);
  });

  it('DELETE of a card that is being read ends the reading', async () => {
    const ids: string[] = [];
    for (let card = 0; card < 2; card++) ids.push(await platform.submit(exampleImage(2)));
    for (const id of ids)
      expect((await platform.request(`${EXTRACTIONS}/${id}`, { method: 'DELETE' })).status).toBe(204);
    for (const id of ids) expect((await platform.request(`${EXTRACTIONS}/${id}`)).status).toBe(404);
    await expect.poll(blobs).toEqual([]);
    // A card that follows is read: no slot was lost.
    expect((await extract(1)).status).toBe('succeeded');
  });

  it('is given back of a review, a file and a response, and told to a webhook', async () => {
    const webhook = { url: `${receiver.address}/${OURS.webhookPath}`, include_result: true };
    const options = { review: 'always', reference_id: OURS.referenceId, webhook };
    const [decided, left] = await Promise.all([
      platform.submit(exampleImage(3), options),
      platform.submit(exampleImage(3), options),
    ]);
    waiting = left;
    const file = new FormData();
    file.append('file', new Blob([new Uint8Array(exampleImage(2))]), OURS.uploadName);
    file.append('purpose', 'vision');
    const uploaded = await platform.request('/v1/files', { method: 'POST', body: file });
    const { filename, id: fileId } = (await uploaded.json()) as { filename: string; id: string };
    expect(filename).toBe(OURS.uploadName);
    const content = await platform.request(`/v1/files/${fileId}/content`);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(exampleImage(2));
    const asked = { model: MODEL, input: OURS.input, metadata: { [OURS.metadataKey]: OURS.metadataValue } };
    const response = await platform.request('/v1/responses', jsonRequest(asked));
    const { id: responseId } = (await response.json()) as { id: string };
    const items = await platform.request(`/v1/responses/${responseId}/input_items`);
    expect(await items.text()).toContain(OURS.input);

    for (const id of [decided, left]) {
      await expect.poll(async () => (await platform.job(id)).status, { interval: 100 }).toBe('needs_review');
    }
    const review = `/v1/ktp/reviews/${decided}`;
    expect((await platform.request(`${review}/picture`)).headers.get('content-type')).toBe('image/jpeg');
    const decision = { fields: {}, outcome: 'confirmed', note: OURS.note, force: true };
    expect((await platform.request(`${review}/decide`, jsonRequest(decision))).status).toBe(200);
    expect(await (await platform.request(review)).json()).toMatchObject({
      note: OURS.note,
      result: { compat: { nik: exampleTruth(3).nik } },
    });
    await expect.poll(() => receiver.told.join('\n'), { interval: 100 }).toContain(exampleTruth(3).nik);
  });

  it('is in no metric', async () => {
    const response = await platform.request('/metrics');
    expect(finder.inBytes(Buffer.from(await response.text()), '/metrics')).toEqual([]);
  });

  it('a data subject is told which records are theirs, by which key they were read, and when they were erased', async () => {
    const admin = { authorization: `Bearer ${readFileSync(join(home, 'admin-key'), 'utf8').trim()}` };
    const search = async (nik: string) => {
      const request = jsonRequest({ nik, limit: 100 });
      const headers = { ...request.headers, ...admin };
      const response = await platform.request('/v1/admin/subjects/search', { ...request, headers });
      return ((await response.json()) as { data: Record<string, unknown>[] }).data;
    };
    const first = await search(exampleTruth(1).nik ?? '');
    // Single cards and an item of the batch.
    const mine = first.find(({ record }) => record === kept.id);
    expect(mine).toMatchObject({ status: 'kept', tenant: 'anonymous', kind: 'extraction' });
    expect(mine?.accesses).toContainEqual(expect.objectContaining({ action: 'extraction.read', key: 'anonymous' }));
    expect(first.filter(({ batch_id: batch }) => batch !== null)).not.toEqual([]);
    const erased = (await search(exampleTruth(2).nik ?? '')).find(({ certificate }) => certificate !== null);
    expect(erased).toMatchObject({ status: 'erased', erased_at: expect.any(String) });
    const certificate = await platform.request(String(erased?.certificate));
    expect(await certificate.json()).toMatchObject({ object: 'erasure.certificate', counts: { records: 1 } });
    // The answer of ktp-ocr in a chat is theirs too.
    const answers = (await search(exampleTruth(2).nik ?? '')).filter(({ kind }) => kind === 'answer');
    expect(answers).toHaveLength(1);
  });

  it('is in no file, and in nothing that was printed', async () => {
    for (const name of readdirSync(home).filter((entry) => entry.startsWith('temporal.db'))) {
      expect(finder.inBytes(readFileSync(join(home, name)), name)).toEqual([]);
    }
    platform.kill('SIGINT');
    expect(await platform.ended()).toBe(0);
    const { output } = platform;
    expect(finder.inFolder(home)).toEqual([]);
    expect([...filesUnder(temporary), ...filesUnder(user)]).toEqual([]);
    expect(output).toContain('request.finished');
    expect(finder.inBytes(Buffer.from(output), 'output')).toEqual([]);
  });

  it('would have been found', () => {
    const control = join(folder.path, 'control');
    mkdirSync(control);
    const nik = exampleTruth(1).nik ?? '';
    for (const [name, content] of [
      ['plain', `x${nik}`],
      ['base64', Buffer.from(`x${nik}x`).toString('base64')],
      ['utf16', Buffer.from(nik, 'utf16le')],
      ['picture', exampleImage(2)],
      ['picture-in-base64', Buffer.from(`xx${exampleImage(3).toString('base64')}`)],
    ] as const) {
      writeFileSync(join(control, name), content);
    }
    const found = finder.inFolder(control).join('\n');
    for (const name of ['plain', 'base64', 'utf16', 'picture:', 'picture-in-base64'])
      expect(found).toContain(`/${name}`);
  });

  it('has no row left of what was deleted', async () => {
    const { pglite, close } = await openEmbeddedDatabase(home);
    try {
      const { rows } = await pglite.query<{ id: string; blob: string | null; status: string }>(
        'SELECT id, blob, status FROM extractions',
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.find(({ id }) => id === waiting)).toMatchObject({ status: 'needs_review', blob: expect.any(String) });
      for (const row of rows.filter(({ id }) => id !== waiting))
        expect(row).toMatchObject({ status: expect.stringMatching('succeeded|failed'), blob: null });
    } finally {
      await close();
    }
  });
});
