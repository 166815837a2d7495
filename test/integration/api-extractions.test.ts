import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExtractionJob, jobSchema } from '../../src/api/extractions/job-schema.ts';
import { extractionWorkflowId } from '../../src/contract/extraction-workflow.ts';
import { compatibleCardSchema } from '../../src/ktp/schema.ts';
import { bearer, errorOf, imageForm, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';

const example = (name: string) => readFile(new URL(`../../examples/${name}`, import.meta.url));
const image = await example('ktp-1.jpg');
const truth = JSON.parse((await example('ktp-1.json')).toString()).fields as Record<string, string>;

const EXTRACTIONS = '/v1/ktp/extractions';
const reader = new ScriptedReader();
/** Extractions whose history Temporal was asked to delete: it does so within about 20 s. */
const erased: string[] = [];
let platform: Platform;
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform({ readCard: (real) => reader.wrap(real()) });
  reader.attach(platform);
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform, { ALLOW_PRIVATE_URLS: '1' });
});
afterEach(() => reader.release());
afterAll(async () => {
  reader.release();
  await api?.close();
  await platform?.stop();
});

const form = (options?: unknown) => ({ method: 'POST', body: imageForm(image, options) });
/** Parses strictly: what the OpenAPI document does not know must not be there. */
const jobOf = async (response: Response): Promise<ExtractionJob> =>
  jobSchema.strict().parse(await jsonOf<unknown>(response));
const get = (id: string, query = '') => api.request(`${EXTRACTIONS}/${id}${query}`);

// First, so that Temporal has deleted the histories by the time that the last test looks.
describe('cancel and delete', () => {
  it('cancel a running extraction within seconds, and again without an error', async () => {
    reader.behaviour = 'wait';
    const { id } = await jobOf(await api.request(EXTRACTIONS, form()));
    for (let times = 0; times < 2; times++) {
      const response = await api.request(`${EXTRACTIONS}/${id}/cancel`, { method: 'POST' });
      expect(response.status).toBe(200);
      expect(await jobOf(response)).toMatchObject({ status: 'cancelled', result: null });
    }
  });

  // Whoever cancelled it was sent what was read, and no entry said so.
  it('leave a finished extraction as it is when it is cancelled, and write down that it was read so', async () => {
    const { id } = await jobOf(await api.request(`${EXTRACTIONS}?wait=60`, form()));
    const cancelled = await jobOf(await api.request(`${EXTRACTIONS}/${id}/cancel`, { method: 'POST' }));
    expect(cancelled.status).toBe('succeeded');
    expect(cancelled.result).not.toBeNull();
    const log = await platform.database.accessLogEntry.findMany({ where: { subject: id }, orderBy: { id: 'asc' } });
    expect(log.map(({ action }) => action)).toEqual(['extraction.create', 'extraction.read', 'extraction.read']);
  });

  it.each(['read', 'wait'] as const)('erase row and image (%s)', async (behaviour) => {
    reader.behaviour = behaviour;
    const wait = behaviour === 'read' ? '?wait=60' : '';
    const { id } = await jobOf(await api.request(`${EXTRACTIONS}${wait}`, form({ store_image: true })));
    const { blob } = await platform.database.extraction.findUniqueOrThrow({ where: { id } });
    const response = await api.request(`${EXTRACTIONS}/${id}`, { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(response.headers.get('link')).toBe(`</v1/erasures/${id}>; rel="describedby"`);
    const certificate = await jsonOf(await api.request(`/v1/erasures/${id}`));
    expect(certificate).toMatchObject({ kind: 'extraction', counts: { records: 1, images: 1, histories: 1 } });
    for (const after of [await get(id), await api.request(`${EXTRACTIONS}/${id}`, { method: 'DELETE' })]) {
      expect(await errorOf(after)).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect(await platform.database.extraction.count({ where: { id } })).toBe(0);
    await expect(platform.blobs.read(blob ?? '')).rejects.toMatchObject({ code: 'not_found' });
    erased.push(id);
  });

  it('settle a job whose workflow was ended from outside, instead of leaving it open for ever', async () => {
    reader.behaviour = 'wait';
    const { id } = await jobOf(await api.request(EXTRACTIONS, form()));
    await platform.temporal.workflow.getHandle(extractionWorkflowId(id)).terminate('by an operator');
    expect(await jobOf(await get(id, '?wait=5'))).toMatchObject({ status: 'cancelled' });
  });
});

describe('POST /ktp-ocr/', () => {
  it('reads every field of the specimen, and the extraction can be looked up', async () => {
    const response = await api.request('/ktp-ocr/', form());
    expect(response.status).toBe(200);
    expect(response.headers.get('server-timing')).toMatch(
      /^prepare;dur=[\d.]+, ocr;dur=[\d.]+, generate;dur=0\.0, assemble;dur=[\d.]+$/,
    );
    const card = compatibleCardSchema.strict().parse(await jsonOf(response));
    expect(card).toEqual({
      nik: truth.nik,
      nama: truth.nama,
      tempat_lahir: truth.tempat_lahir,
      tgl_lahir: truth.tgl_lahir?.split('-').reverse().join('-'),
      jenis_kelamin: truth.jenis_kelamin,
      gol_darah: truth.gol_darah,
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
    });
    const job = await jobOf(await get(response.headers.get('x-extraction-id') ?? ''));
    expect(job).toMatchObject({ status: 'succeeded', progress: 1, attempts: 1, result: { compat: card } });
  });

  it('refuses a review, for which nobody could wait here', async () => {
    const body = imageForm(image);
    body.append('options', JSON.stringify({ review: { mode: 'always' } }));
    const response = await api.request('/ktp-ocr', { method: 'POST', body });
    expect(await errorOf(response)).toEqual({ status: 400, code: 'unsupported', param: 'options.review' });
  });

  it('answers not_a_ktp with 422, and nobody repeats it', async () => {
    reader.behaviour = 'not a ktp';
    const response = await api.request('/ktp-ocr', form());
    expect(response.headers.get('x-extraction-id')).toMatch(/^ext_/);
    expect(await errorOf(response)).toEqual({ status: 422, code: 'not_a_ktp', param: null });
  });

  it('a slow line uses up none of the time for reading', async () => {
    const hasty = await startTestApi(platform, { OCR_TIMEOUT_SECONDS: '5' });
    const request = new Request(`${hasty.address}/ktp-ocr/`, { method: 'POST', body: imageForm(image) });
    const bytes = new Uint8Array(await request.arrayBuffer());
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, 1000));
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        controller.enqueue(bytes.subarray(1000));
        controller.close();
      },
    });
    const headers = { 'content-type': request.headers.get('content-type') ?? '' };
    const response = await hasty.request('/ktp-ocr/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
    expect(response.status).toBe(200);
    await hasty.close();
  });

  it('gives up in time with 504, names the job, and ends the work', async () => {
    reader.behaviour = 'wait';
    const hasty = await startTestApi(platform, { OCR_TIMEOUT_SECONDS: '1' });
    const response = await hasty.request('/ktp-ocr/', form());
    const id = response.headers.get('x-extraction-id') ?? '';
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.clone().text()).toContain(`${EXTRACTIONS}/${id}`);
    expect(await errorOf(response)).toMatchObject({ status: 504, code: 'deadline_exceeded' });
    expect(await jobOf(await get(id, '?wait=10'))).toMatchObject({ status: 'cancelled', result: null });
    await hasty.close();
  });

  it('is cancelled after the grace once the caller is gone', async () => {
    reader.behaviour = 'wait';
    const impatient = await startTestApi(platform, { CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '1' });
    const before = await platform.database.extraction.count();
    const caller = new AbortController();
    const answer = impatient.request('/ktp-ocr/', { ...form(), signal: caller.signal }).catch(() => 'gone');
    await expect.poll(() => platform.database.extraction.count()).toBe(before + 1);
    const [row] = await platform.database.extraction.findMany({ orderBy: { createdAt: 'desc' }, take: 1 });
    await expect.poll(async () => (await jobOf(await get(row?.id ?? ''))).status).toBe('running');
    caller.abort();
    expect(await answer).toBe('gone');
    expect(await jobOf(await get(row?.id ?? '', '?wait=0.5'))).toMatchObject({ status: 'running' });
    expect(await jobOf(await get(row?.id ?? '', '?wait=20'))).toMatchObject({ status: 'cancelled' });
    await impatient.close();
  });
});

describe('POST /v1/ktp/extractions', () => {
  it('answers 202 with the job, which is polled to its end', async () => {
    const options = { reference_id: 'patient 7', metadata: { desk: '3' }, strategy: 'ocr' };
    const response = await api.request(EXTRACTIONS, form(options));
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toBe('1');
    const created = await jobOf(response);
    expect(response.headers.get('location')).toBe(created.links.self);
    expect(created).toMatchObject({ strategy: 'ocr', result: null, error: null, finished_at: null });
    const expiresIn = Date.parse(created.expires_at) - Date.parse(created.created_at);
    expect(expiresIn / 86_400_000).toBeCloseTo(7, 3);

    const finished = await get(created.id, '?wait=60');
    expect(finished.headers.get('retry-after')).toBeNull();
    const job = await jobOf(finished);
    expect(job).toMatchObject({
      id: created.id,
      status: 'succeeded',
      stage: null,
      progress: 1,
      attempts: 1,
      reference_id: 'patient 7',
      metadata: { desk: '3' },
      result: { document: 'ktp', fields: { nik: { value: truth.nik, source: 'ocr' } } },
    });
    expect(job.timings_ms?.ocr).toBeGreaterThan(0);
    const times = [job.created_at, job.started_at, job.finished_at].map((time) => Date.parse(time ?? ''));
    expect(times).toEqual(times.toSorted());
  });

  it('answers 304 to the ETag that the caller has, and 200 once the job has changed', async () => {
    reader.behaviour = 'wait';
    const { id } = await jobOf(await api.request(EXTRACTIONS, form()));
    await expect.poll(async () => (await jobOf(await get(id))).status).toBe('running');
    const etag = (await get(id)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    const unchanged = await api.request(`${EXTRACTIONS}/${id}`, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    reader.release();
    const changed = await api.request(`${EXTRACTIONS}/${id}?wait=60`, { headers: { 'if-none-match': etag } });
    expect((await jobOf(changed)).status).toBe('succeeded');
  });

  it('answers 200 within ?wait, for a failed job too', async () => {
    reader.behaviour = 'not a ktp';
    const response = await api.request(`${EXTRACTIONS}?wait=60`, form());
    expect(response.status).toBe(200);
    expect(await jobOf(response)).toMatchObject({
      status: 'failed',
      result: null,
      error: { code: 'not_a_ktp', type: 'invalid_request_error' },
    });
  });

  it('tells how far a running card is, and on which attempt', async () => {
    reader.behaviour = 'wait';
    const { id } = await jobOf(await api.request(`${EXTRACTIONS}?wait=0.2`, form()));
    await expect
      .poll(async () => await jobOf(await get(id)))
      .toMatchObject({ status: 'running', stage: 'reading', progress: 0.5, attempts: 1, finished_at: null });
  });

  it('counts the attempts of a card whose first reading failed', async () => {
    reader.behaviour = 'fault once';
    const job = await jobOf(await api.request(`${EXTRACTIONS}?wait=60`, form()));
    expect(job).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  it('takes base64, data URLs and URLs alike', async () => {
    const server = createServer((_request, response) => response.end(image));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const base64 = image.toString('base64');
    for (const body of [
      { image_base64: base64, options: null },
      { image_url: `data:image/jpeg;base64,${base64}` },
      { image_url: { url: `http://127.0.0.1:${port}/card` } },
    ]) {
      const job = await jobOf(await api.request(`${EXTRACTIONS}?wait=60`, jsonRequest(body)));
      expect(job.result?.compat.nik).toBe(truth.nik);
    }
    server.close();
  });

  it('refuses a URL that leads to no image with image_fetch_failed', async () => {
    const server: Server = createServer((_request, response) => response.end('<html>no picture</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const response = await api.request(EXTRACTIONS, jsonRequest({ image_url: `http://127.0.0.1:${port}/` }));
    expect(await errorOf(response)).toEqual({ status: 400, code: 'image_fetch_failed', param: 'image_url' });
    server.close();
    server.closeAllConnections();
  });

  it('keeps the image only where it was asked to', async () => {
    for (const store_image of [false, true]) {
      const { id } = await jobOf(await api.request(`${EXTRACTIONS}?wait=60`, form({ store_image })));
      const row = await platform.database.extraction.findUniqueOrThrow({ where: { id } });
      expect(row.blob !== null).toBe(store_image);
      expect(JSON.stringify(row)).not.toContain(truth.nik);
    }
  });

  it('refuses no asynchronous extraction for the sake of those who wait', async () => {
    reader.behaviour = 'wait';
    const narrow = await startTestApi(platform, { MAX_WAITING_INTERACTIVE: '1' });
    const first = await jobOf(await narrow.request(EXTRACTIONS, form()));
    const waiting = narrow.request(`${EXTRACTIONS}/${first.id}?wait=20`);
    await expect
      .poll(async () => (await (await narrow.request('/metrics')).text()).includes('waiting_requests 1'))
      .toBe(true);
    for (const refused of [
      await narrow.request('/ktp-ocr/', form()),
      await narrow.request(`${EXTRACTIONS}?wait=1`, form()),
      await narrow.request(`${EXTRACTIONS}/${first.id}?wait=1`),
    ]) {
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await errorOf(refused)).toMatchObject({ status: 429, code: 'queue_full' });
    }
    expect((await narrow.request(EXTRACTIONS, form())).status).toBe(202);
    reader.release();
    expect((await jobOf(await waiting)).status).toBe('succeeded');
    await narrow.close();
  });
});

describe('tenants', () => {
  it('never see each other’s extractions', async () => {
    const keys = 'key-of-tenant-a:extract:a,key-two-of-a:extract:a,key-of-tenant-b:extract:b';
    const shared = await startTestApi(platform, { API_KEYS: keys });
    const as = (key: string, path: string, method = 'GET') => shared.request(path, { method, ...bearer(key) });
    const created = await shared.request(`${EXTRACTIONS}?wait=60`, { ...form(), ...bearer('key-of-tenant-a') });
    const { id } = await jobOf(created);
    const path = `${EXTRACTIONS}/${id}`;
    for (const [method, target] of [
      ['GET', path],
      ['POST', `${path}/cancel`],
      ['DELETE', path],
    ] as const) {
      expect(await errorOf(await as('key-of-tenant-b', target, method))).toMatchObject({ status: 404 });
    }
    expect((await as('key-two-of-a', path)).status).toBe(200);
    const log = await platform.database.accessLogEntry.findMany({ where: { subject: id }, orderBy: { id: 'asc' } });
    expect(log.map(({ tenant, action }) => `${tenant} ${action}`)).toEqual([
      'a extraction.create',
      'a extraction.read',
      'a extraction.read',
    ]);
    await shared.close();
  });
});

describe('processes', () => {
  it('may be several: what one has started, another one waits for', async () => {
    const other = await startTestApi(platform);
    const { id } = await jobOf(await api.request(EXTRACTIONS, form()));
    expect(await jobOf(await other.request(`${EXTRACTIONS}/${id}?wait=60`))).toMatchObject({ status: 'succeeded' });
    await other.close();
  });

  it('answer their long polls and finish their readings before they stop', async () => {
    reader.behaviour = 'wait';
    const stopping = await startTestApi(platform);
    const { id } = await jobOf(await stopping.request(EXTRACTIONS, form()));
    const poll = stopping.request(`${EXTRACTIONS}/${id}?wait=60`);
    const before = await platform.database.extraction.count();
    const reading = stopping.request('/ktp-ocr/', form());
    await expect.poll(() => platform.database.extraction.count()).toBe(before + 1);
    const startedAt = performance.now();
    const closed = stopping.close();
    expect((await jobOf(await poll)).status).toMatch(/queued|running/);
    // Far from the sixty seconds that it asked for.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await expect(stopping.request('/livez')).rejects.toThrow();
    reader.release();
    expect((await reading).status).toBe(200);
    await closed;
  });

  it('are ready while Temporal, the database and an engine are there', async () => {
    await expect.poll(async () => (await api.request('/readyz')).status).toBe(200);
    expect(await jsonOf(await api.request('/health'))).toMatchObject({
      ok: true,
      modelReady: true,
      modelId: 'ktp-ocr',
      error: null,
      engines: [{ ready: true, error: null }],
      temporal: { connected: true },
      database: { connected: true },
    });
  });
});

describe('histories', () => {
  it('of erased extractions are gone', async () => {
    expect(erased.length).toBeGreaterThan(0);
    for (const id of erased) {
      const handle = platform.temporal.workflow.getHandle(extractionWorkflowId(id));
      const described = () =>
        handle.describe().then(
          () => 'there',
          (error: Error) => error.name,
        );
      await expect.poll(described, { timeout: 45_000, interval: 500 }).toBe('WorkflowNotFoundError');
    }
  });
});
