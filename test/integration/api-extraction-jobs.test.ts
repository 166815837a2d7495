import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { extractionWorkflowId } from '../../src/contract/extraction-workflow.ts';
import { requestContext } from '../../src/encryption/contexts.ts';
import { sealJson } from '../../src/encryption/keyring.ts';
import { bearer, errorOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';

const EXTRACTIONS = '/v1/ktp/extractions';
let platform: Platform;
let api: TestApi;
const reader = new ColourReader(() => platform, await specimenResult());

beforeAll(async () => {
  platform = await startPlatform({ readCard: () => reader.readCard });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform, {
    ALLOW_PRIVATE_URLS: '1',
    API_KEYS: 'first-tenant:extract:one,second-tenant:extract:two',
  });
});
afterAll(async () => {
  await api.close();
  await platform.stop();
});
afterEach(() => {
  reader.slow = 0;
});

const FIRST = 'first-tenant';

function send(path: string, init: RequestInit = {}, key = FIRST): Promise<Response> {
  return api.request(path, {
    ...init,
    headers: { ...bearer(key).headers, ...(init.headers as Record<string, string>) },
  });
}

async function form(colour: number, options: unknown = {}): Promise<RequestInit> {
  const body = new FormData();
  body.append('image', new Blob([new Uint8Array(await picture(colour))]), 'card.png');
  body.append('options', JSON.stringify(options));
  return { method: 'POST', body };
}

async function create(colour: number, options: unknown = {}, query = '?wait=30'): Promise<ExtractionJob> {
  const response = await send(`${EXTRACTIONS}${query}`, await form(colour, options));
  expect([200, 202]).toContain(response.status);
  return (await response.json()) as ExtractionJob;
}

interface Page {
  readonly data: ExtractionJob[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}
const list = async (query = '', key = FIRST): Promise<Page> =>
  (await (await send(`${EXTRACTIONS}${query}`, {}, key)).json()) as Page;

describe('idempotency keys', () => {
  it('are known before the picture is fetched: by then its URL may be gone', async () => {
    const bytes = await picture(16);
    const server = createServer((_request, response) => response.end(bytes));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/card.png?signature=1`;
    const ask = (image_url: string) => {
      const { headers, ...init } = jsonRequest({ image_url });
      return send(`${EXTRACTIONS}?wait=30`, { ...init, headers: { ...headers, 'idempotency-key': 'by url' } });
    };
    const first = (await (await ask(url)).json()) as ExtractionJob;
    server.close();
    server.closeAllConnections();
    const again = await ask(url);
    expect(again.status).toBe(200);
    expect(((await again.json()) as ExtractionJob).id).toBe(first.id);
    expect(await errorOf(await ask(`${url}2`))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  });

  const keyed = async (key: string, colour: number, options: unknown = {}, tenant = FIRST) =>
    send(`${EXTRACTIONS}?wait=30`, { ...(await form(colour, options)), headers: { 'idempotency-key': key } }, tenant);

  it('give the same extraction for the same request, and 422 for another one', async () => {
    reader.reads = [];
    const first = (await (await keyed('a', 10)).json()) as ExtractionJob;
    const again = await keyed('a', 10);
    expect(again.status).toBe(200);
    expect(again.headers.get('location')).toBe(`${EXTRACTIONS}/${first.id}`);
    expect(((await again.json()) as ExtractionJob).id).toBe(first.id);
    expect(reader.reads).toEqual([first.id]);
    expect(await errorOf(await keyed('a', 11))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect(await errorOf(await keyed('a', 10, { reject_low_quality: true }))).toMatchObject({ status: 422 });
    const other = (await (await keyed('a', 10, {}, 'second-tenant')).json()) as ExtractionJob;
    expect(other.id).not.toBe(first.id);
  });

  it('make one extraction of requests that come at once, and leave no image behind', async () => {
    reader.slow = 300;
    const responses = await Promise.all(Array.from({ length: 6 }, () => keyed('at once', 20)));
    const jobs = (await Promise.all(responses.map((response) => response.json()))) as ExtractionJob[];
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    expect(jobs.map((job) => job.status)).toEqual(jobs.map(() => 'succeeded'));
    for await (const blob of platform.blobs.listOlderThan(new Date())) throw new Error(`left behind: ${blob}`);
  });

  it('leave an HMAC of what was asked for in the memo of the workflow, as every extraction does', async () => {
    const memoOf = async ({ id }: ExtractionJob) =>
      (await platform.temporal.workflow.getHandle(extractionWorkflowId(id)).describe()).memo?.requestHash;
    const [one, same, other] = [await create(7), await create(7), await create(8)];
    expect(await memoOf(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(await memoOf(same)).toBe(await memoOf(one));
    expect(await memoOf(other)).not.toBe(await memoOf(one));
  });

  it('start what was written but never started, since its process died in between', async () => {
    const first = (await (await keyed('died', 30)).json()) as ExtractionJob;
    // As it was between the row and the start.
    const stored = await platform.database.extraction.delete({ where: { id: first.id } });
    const id = `ext_${'1'.repeat(32)}`;
    const dataKey = platform.keyring.unwrapDataKey(stored.wrappedKey);
    const image = Readable.from([await picture(30)]);
    const { blob } = await platform.blobs.write(image, { dataKey, wrappedKey: stored.wrappedKey });
    const { idempotencyHash, requestHash, tenant, wrappedKey } = stored;
    const options = { reject_low_quality: false, store_image: false };
    const sealedRequest = sealJson(dataKey, { reference_id: null, metadata: null }, requestContext(id));
    const { expiresAt, strategy } = stored;
    await platform.database.extraction.create({
      data: { id, blob, expiresAt, idempotencyHash, options, requestHash, sealedRequest, strategy, tenant, wrappedKey },
    });
    const again = (await (await keyed('died', 30)).json()) as ExtractionJob;
    expect(again).toMatchObject({ id, status: 'succeeded' });
  });

  it('are refused when they are not printable', async () => {
    const long = await keyed('x'.repeat(256), 1);
    expect(await errorOf(long)).toMatchObject({ status: 400, code: 'invalid_value', param: 'Idempotency-Key' });
  });
});

describe('the list', () => {
  it('pages through, newest first, without results and without other tenants', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.push((await create(40 + index)).id);
    const seen: ExtractionJob[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = await list(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.data);
      cursor = page.next_cursor;
    }
    expect(seen.slice(0, 5).map((job) => job.id)).toEqual(made.toReversed());
    expect(new Set(seen.map((job) => job.id)).size).toBe(seen.length);
    expect(seen.every((job) => job.result === null)).toBe(true);
    const others = (await list('', 'second-tenant')).data.map((job) => job.id);
    expect(others.filter((id) => made.includes(id))).toEqual([]);
  });

  it('is filtered by status and by reference id', async () => {
    const { id } = await create(50, { reference_id: 'R-1' });
    const failed = await create(0, { reference_id: 'R-2' });
    expect((await list('?reference_id=R-1')).data.map((job) => job.id)).toEqual([id]);
    expect((await list('?reference_id=R-1', 'second-tenant')).data).toEqual([]);
    expect((await list('?status=failed')).data.map((job) => job.id)).toEqual([failed.id]);
    reader.slow = 2_000;
    const slow = await create(51, {}, '');
    await expect.poll(async () => (await list('?status=running')).data.map((job) => job.id)).toEqual([slow.id]);
    expect((await list('?status=queued')).data).toEqual([]);
    expect(await errorOf(await send(`${EXTRACTIONS}?status=lost`))).toMatchObject({
      status: 400,
      code: 'invalid_value',
    });
    expect(await errorOf(await send(`${EXTRACTIONS}?cursor=x`))).toMatchObject({ status: 400, param: 'cursor' });
  });

  it('has no items of batches; those answer as extractions, and wait and cancel like them', async () => {
    const body = new FormData();
    for (const colour of [60, 61]) body.append('images', new Blob([new Uint8Array(await picture(colour))]), 'a.png');
    reader.slow = 1_500;
    const batch = (await (await send('/v1/ktp/batches', { method: 'POST', body })).json()) as { id: string };
    const items = (await (await send(`/v1/ktp/batches/${batch.id}/items`)).json()) as {
      data: { extraction_id: string }[];
    };
    const [first = '', second = ''] = items.data.map((item) => item.extraction_id);
    const cancelled = (await (
      await send(`${EXTRACTIONS}/${second}/cancel`, { method: 'POST' })
    ).json()) as ExtractionJob;
    expect(cancelled.status).toBe('cancelled');
    const waited = (await (await send(`${EXTRACTIONS}/${first}?wait=20`)).json()) as ExtractionJob;
    expect(waited).toMatchObject({ status: 'succeeded', progress: 1 });
    expect((await list()).data.map((job) => job.id)).not.toContain(first);
    const end = await send(`/v1/ktp/batches/${batch.id}?wait=20`);
    expect(await end.json()).toMatchObject({ status: 'completed', counts: { succeeded: 1, cancelled: 1 } });
  });
});

describe('events', () => {
  function eventsOf(text: string): { id: number; data: ExtractionJob }[] {
    return text
      .split('\n\n')
      .filter((part) => part.includes('data: '))
      .map((part) => ({
        id: Number(/^id: (\d+)$/m.exec(part)?.[1]),
        data: JSON.parse(part.slice(part.indexOf('data: ') + 6)) as ExtractionJob,
      }));
  }
  const stream = async (id: string, lastEventId?: number) => {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
    const response = await send(`${EXTRACTIONS}/${id}/events`, { headers });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    return eventsOf(await response.text());
  };

  it('tell the progress without the result, end with the final status, and go on after the last one seen', async () => {
    reader.slow = 1_200;
    const { id } = await create(70, {}, '');
    const events = await stream(id);
    expect(events.length).toBeGreaterThan(1);
    expect(events.map((event) => event.id)).toEqual(events.map((event) => event.id).toSorted((a, b) => a - b));
    expect(events.at(-1)?.data).toMatchObject({ id, status: 'succeeded', progress: 1, result: null });
    expect(events.slice(0, -1).every((event) => ['queued', 'running'].includes(event.data.status))).toBe(true);
    expect((await stream(id, events[0]?.id)).map((event) => event.data.status)).toEqual(['succeeded']);
    expect(await stream(id, events.at(-1)?.id)).toEqual([]);
    // An id that no event has is no reason to keep the end from anybody.
    expect((await stream(id, 999_999_999_999_999)).map((event) => event.data.status)).toEqual(['succeeded']);
    const head = await send(`${EXTRACTIONS}/${id}/events`, { method: 'HEAD' });
    expect(head.headers.get('content-type')).toContain('text/event-stream');
    expect(await stream(id)).toHaveLength(1);
  });

  it('do not end in silence where the extraction is erased meanwhile', async () => {
    reader.slow = 3_000;
    const { id } = await create(72, {}, '');
    const following = stream(id);
    await send(`${EXTRACTIONS}/${id}`, { method: 'DELETE' });
    const last = (await following).at(-1)?.data;
    // The workflow ends first, then the row goes: whichever is seen.
    expect(last?.status ?? last?.error?.code).toMatch(/^(cancelled|not_found)$/);
  });

  // The last one held every card, and no entry of the access log said so.
  it('of several cards hold none of them', async () => {
    const { id, results } = await create(71, { cards: 'all' });
    expect(results).toHaveLength(2);
    const [last] = await stream(id);
    expect(last?.data).toMatchObject({ status: 'succeeded', result: null, results: null });
    expect(JSON.stringify(last)).not.toContain(results?.[1]?.compat.nik);
  });

  it('of a failed one carry its error; a malformed id is 400, a stranger gets 404', async () => {
    const { id } = await create(0);
    expect((await stream(id)).at(-1)?.data).toMatchObject({ status: 'failed', error: { code: 'not_a_ktp' } });
    const malformed = await send(`${EXTRACTIONS}/${id}/events`, { headers: { 'last-event-id': 'a:b' } });
    expect(await errorOf(malformed)).toMatchObject({ status: 400, code: 'invalid_last_event_id' });
    expect((await send(`${EXTRACTIONS}/${id}/events`, {}, 'second-tenant')).status).toBe(404);
  });
});
