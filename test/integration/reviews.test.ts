import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import protoModule from '@temporalio/proto';
import { MockActivityEnvironment } from '@temporalio/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createRemoveExpired } from '../../src/activities/retention/remove-expired.ts';
import type { BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import { claimReview } from '../../src/api/reviews/claim.ts';
import { decideReview } from '../../src/api/reviews/decide.ts';
import { findReview } from '../../src/api/reviews/find-review.ts';
import type { DecideBody, reviewSchema } from '../../src/api/reviews/schemas.ts';
import { reviewWorkflowId } from '../../src/contract/review.ts';
import { FETCH_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { webhookWorkflowId } from '../../src/contract/webhook.ts';
import { bearer, errorOf, jsonOf, startTestApi, type TestApi } from '../support/api.ts';
import { picture } from '../support/colour-reader.ts';
import { doubtfulReader } from '../support/doubtful-reader.ts';
import { recordHistory } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';

type Review = z.infer<typeof reviewSchema>;

const REVIEWS = '/v1/ktp/reviews';
const EXTRACTIONS = '/v1/ktp/extractions';
const FIRST = 'first-reviewer';
const SECOND = 'second-reviewer';
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const SURE = 255;
const DOUBTFUL = 100;

let platform: Platform;
let api: TestApi;
const card = await specimenResult();

beforeAll(async () => {
  const environment = { WEBHOOK_SECRET: SECRET, ALLOW_PRIVATE_URLS: '1' };
  platform = await startPlatform({ readCard: () => doubtfulReader(() => platform, card), environment });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform, {
    ...environment,
    API_KEYS: [
      `${FIRST}:extract+review:office`,
      `${SECOND}:extract+review:office`,
      'only-extract:extract:office',
      'other-tenant:extract+review:elsewhere',
    ].join(','),
  });
});
afterAll(async () => {
  await api.close();
  await platform.stop();
});

function send(path: string, { key = FIRST, body }: { key?: string; body?: unknown } = {}): Promise<Response> {
  const headers = bearer(key).headers;
  if (body === undefined) return api.request(path, { headers });
  if (body instanceof FormData) return api.request(path, { method: 'POST', headers, body });
  return api.request(path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function read(red: number, options: unknown, query = '?wait=30'): Promise<ExtractionJob> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(await picture(red))]), 'card.png');
  form.append('options', JSON.stringify(options));
  return jsonOf(await send(`${EXTRACTIONS}${query}`, { body: form }));
}

const job = async (id: string): Promise<ExtractionJob> => jsonOf(await send(`${EXTRACTIONS}/${id}`));
const review = async (id: string): Promise<Review> => jsonOf(await send(`${REVIEWS}/${id}`));
const decide = (id: string, body: object, key = FIRST) => send(`${REVIEWS}/${id}/decide`, { key, body });
const confirmed = (fields: object = {}, more: object = {}) => ({ outcome: 'confirmed', fields, ...more });

async function waiting(options: unknown = { review: 'doubtful' }): Promise<string> {
  const { id, status } = await read(DOUBTFUL, options);
  expect(status).toBe('needs_review');
  return id;
}

/** Temporal removes a history by and by: an idle cluster after eleven seconds. */
async function untilGone(id: string): Promise<void> {
  const handle = platform.temporal.workflow.getHandle(reviewWorkflowId(id));
  const isThere = () =>
    handle.describe().then(
      () => true,
      () => false,
    );
  await expect.poll(isThere, { interval: 200 }).toBe(false);
}

describe('a doubtful card', () => {
  it('waits, and with a decision becomes final, the first value beside the decided one', async () => {
    const created = await read(DOUBTFUL, { review: 'doubtful' });
    expect(created).toMatchObject({
      status: 'needs_review',
      finished_at: null,
      review: { status: 'open', fields: ['nama'], least_confidence: 0.39, outcome: null },
    });
    expect(Date.parse(created.review?.expires_at ?? '') - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const { id } = created;
    const timers = async (): Promise<number[]> => {
      const { events } = await platform.temporal.workflow.getHandle(reviewWorkflowId(id)).fetchHistory();
      return (events ?? []).map((event) => Number(event.timerStartedEventAttributes?.startToFireTimeout?.seconds ?? 0));
    };
    // One timer for the whole week: a wait costs nothing, however long. It is set just after the card is shown as waiting.
    await expect.poll(async () => (await timers()).filter((seconds) => seconds > 604_700)).toHaveLength(1);
    expect((await timers()).length).toBeLessThan(8);
    expect(await review(id)).toMatchObject({
      id,
      fields: ['nama'],
      result: { fields: { nama: { confidence: 0.39 } } },
    });

    const decided = await jsonOf<Review>(await decide(id, confirmed({ nama: ' siti  contoh ' }, { note: 'a smudge' })));
    expect(decided).toMatchObject({ status: 'decided', outcome: 'confirmed', note: 'a smudge' });
    expect(decided.duration_ms).toBeGreaterThanOrEqual(0);
    const final = await job(id);
    expect(final).toMatchObject({
      status: 'succeeded',
      review: { outcome: 'confirmed', decided_by: expect.any(String) },
    });
    expect(final.result?.fields.nama).toMatchObject({
      value: 'SITI CONTOH',
      source: 'review',
      confidence: 1,
      first: { value: card.fields.nama.value, confidence: 0.39, source: 'ocr' },
    });
    expect(final.result?.compat.nama).toBe('SITI CONTOH');
    expect(final.result?.fields.agama).toMatchObject({ source: 'ocr', value: card.fields.agama.value });
    const handle = platform.temporal.workflow.getHandle(reviewWorkflowId(id));
    await recordHistory('review-decided', handle);
    const bytes = Buffer.from(protoModule.temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish());
    expect(bytes.includes('SITI CONTOH')).toBe(false);
    await recordHistory('extract-document-review', platform.temporal.workflow.getHandle(`extraction-${id}`));
  });

  it('does not wait where it is sure enough, by the threshold of its own field too', async () => {
    expect(await read(SURE, { review: 'doubtful' })).toMatchObject({ status: 'succeeded', review: null });
    const lenient = { mode: 'doubtful', thresholds: { nama: 0.3 } };
    expect(await read(DOUBTFUL, { review: lenient })).toMatchObject({ status: 'succeeded', review: null });
    expect(await read(DOUBTFUL, {})).toMatchObject({ status: 'succeeded', review: null });
    const strict = { mode: 'doubtful', thresholds: { agama: 1, nama: 0.3 }, threshold: 0 };
    expect(await read(DOUBTFUL, { review: strict })).toMatchObject({ status: 'succeeded' });
    expect(await read(SURE, { review: 'always' })).toMatchObject({ status: 'needs_review', review: { fields: [] } });
  });

  it('keeps its picture until it is decided, and shows it to reviewers only', async () => {
    const id = await waiting();
    const whole = await send(`${REVIEWS}/${id}/picture`);
    expect(whole.headers.get('content-type')).toBe('image/jpeg');
    expect(whole.headers.get('cache-control')).toBe('no-store');
    expect(await sharp(Buffer.from(await whole.arrayBuffer())).metadata()).toMatchObject({ width: 40, height: 25 });
    const crop = await send(`${REVIEWS}/${id}/picture?field=nama`);
    const { height = 0, width = 0 } = await sharp(Buffer.from(await crop.arrayBuffer())).metadata();
    expect(width / height).toBeGreaterThan(2);
    expect((await send(`${REVIEWS}/${id}/picture?field=agama`)).status).toBe(404);
    expect((await send(`${REVIEWS}/${id}/picture`, { key: 'only-extract' })).status).toBe(403);
    expect((await send(`${REVIEWS}/${id}/picture`, { key: 'other-tenant' })).status).toBe(404);
    const log = await platform.database.accessLogEntry.findMany({ where: { subject: id, action: 'review.read' } });
    expect(log).toHaveLength(2);
    const before = await platform.database.review.findUniqueOrThrow({ where: { extractionId: id } });
    await decide(id, confirmed());
    expect((await send(`${REVIEWS}/${id}/picture`)).status).toBe(404);
    await expect(platform.blobs.read(before.picture ?? '')).rejects.toMatchObject({ code: 'not_found' });
    expect(await platform.database.extraction.findUnique({ where: { id } })).toMatchObject({ blob: null });
  });

  it('is refused a value that breaks a rule, unless that is insisted on', async () => {
    const id = await waiting();
    expect(await errorOf(await decide(id, confirmed({ nik: '123' })))).toEqual({
      status: 422,
      code: 'invalid_value',
      param: 'fields.nik',
    });
    expect(await errorOf(await decide(id, confirmed({ tgl_lahir: '1990-02-30' })))).toMatchObject({
      param: 'fields.tgl_lahir',
    });
    // Of its own form, but not the date that the NIK tells.
    expect(await errorOf(await decide(id, confirmed({ tgl_lahir: '1971-01-31' })))).toMatchObject({
      status: 422,
      param: 'fields.tgl_lahir',
    });
    expect(await errorOf(await decide(id, confirmed({ shoe_size: '43' })))).toMatchObject({ status: 400 });
    const attack = '<img src=x onerror=alert(1)>';
    expect(await errorOf(await decide(id, confirmed({ nama: attack })))).toMatchObject({ param: 'fields.nama' });
    // Only asked: nothing is decided.
    expect(await errorOf(await decide(id, confirmed({ nama: attack }, { dry_run: true })))).toMatchObject({
      status: 422,
    });
    const asked = await decide(id, confirmed({ nama: attack }, { force: true, dry_run: true }));
    expect(await jsonOf(asked)).toMatchObject({ status: 'claimed', outcome: null });
    expect(await job(id)).toMatchObject({ status: 'needs_review' });
    expect((await decide(id, confirmed({ nama: attack }, { force: true }))).status).toBe(200);
    expect((await job(id)).result?.fields.nama.value).toBe(attack.toUpperCase());
  });

  it('is found by the NIK that a reviewer has corrected', async () => {
    const id = await waiting();
    const nik = '3504074906660000';
    expect((await decide(id, confirmed({ nik }, { force: true }))).status).toBe(200);
    const where = { nikHash: platform.keyring.subjectHash(nik) };
    expect(await platform.database.subjectRecord.findMany({ where })).toMatchObject([{ record: id, tenant: 'office' }]);
  });

  it('goes with its decision and its pictures when its time is over', async () => {
    const id = await waiting({ review: 'doubtful', store_image: true });
    const { blob } = await platform.database.extraction.findUniqueOrThrow({ where: { id } });
    const { picture: upright } = await platform.database.review.findUniqueOrThrow({ where: { extractionId: id } });
    expect((await decide(id, confirmed())).status).toBe(200);
    await platform.database.extraction.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1000) } });
    const isRunning = async () => ({ memo: undefined, open: true });
    await new MockActivityEnvironment().run(createRemoveExpired(platform.database, platform.blobs, isRunning));
    expect((await send(`${REVIEWS}/${id}`)).status).toBe(404);
    expect(await platform.database.reviewDecision.count({ where: { extractionId: id } })).toBe(0);
    for (const gone of [blob, upright]) {
      await expect(platform.blobs.read(gone ?? '')).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('is failed by a rejection, with nothing of it kept', async () => {
    const id = await waiting({ review: 'always' });
    expect((await decide(id, { outcome: 'rejected', note: 'a copy' })).status).toBe(200);
    expect(await job(id)).toMatchObject({ status: 'failed', error: { code: 'review_rejected' }, result: null });
  });

  it('is cancelled, and erased, while it waits', async () => {
    const cancelled = await waiting();
    await send(`${EXTRACTIONS}/${cancelled}/cancel`, { body: {} });
    expect(await job(cancelled)).toMatchObject({ status: 'cancelled', result: null, review: { outcome: 'cancelled' } });

    const erased = await waiting();
    const { blob } = await platform.database.extraction.findUniqueOrThrow({ where: { id: erased } });
    const { picture: upright } = await platform.database.review.findUniqueOrThrow({ where: { extractionId: erased } });
    const headers = bearer(FIRST).headers;
    expect((await api.request(`${EXTRACTIONS}/${erased}`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await send(`${REVIEWS}/${erased}`)).status).toBe(404);
    for (const gone of [blob, upright]) {
      await expect(platform.blobs.read(gone ?? '')).rejects.toMatchObject({ code: 'not_found' });
    }
    await untilGone(erased);
  });

  it.each([
    ['deliver', { status: 'succeeded', error: null, review: { outcome: 'delivered' } }],
    ['expire', { status: 'failed', error: { code: 'review_expired' }, review: { outcome: 'expired' } }],
  ])('that nobody looks at in time is finished: %s', async (onTimeout, expected) => {
    const soon = { mode: 'always', timeout_hours: 2 / 3600, on_timeout: onTimeout };
    const { id } = await read(DOUBTFUL, { review: soon });
    const final = await jsonOf<ExtractionJob>(await send(`${EXTRACTIONS}/${id}?wait=20`));
    expect(final).toMatchObject(expected);
    if (onTimeout === 'deliver') {
      expect(final.result?.fields.nama).toMatchObject({ source: 'ocr', confidence: 0.39 });
      await recordHistory('review-timed-out', platform.temporal.workflow.getHandle(reviewWorkflowId(id)));
    }
  });

  it('tells its webhook that it waits, and then how it ended', async () => {
    const told: { type: string; data: { status: string } }[] = [];
    const receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        told.push(JSON.parse(Buffer.concat(parts).toString()));
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const id = await waiting({ review: 'doubtful', webhook: { url } });
    await expect.poll(() => told.length, { timeout: 15_000 }).toBe(1);
    await decide(id, confirmed());
    await expect.poll(() => told.length, { timeout: 15_000 }).toBe(2);
    receiver.close();
    expect(told.map(({ data, type }) => [type, data.status])).toEqual([
      ['extraction.needs_review', 'needs_review'],
      ['extraction.finished', 'succeeded'],
    ]);
    const { data } = await jsonOf<{ data: { id: string; event: string }[] }>(
      await send(`${EXTRACTIONS}/${id}/deliveries`),
    );
    expect(data.map(({ event }) => event).toSorted()).toEqual(['extraction.finished', 'extraction.needs_review']);
    // A receiver that hangs holds up none of the worker's own activities.
    const { events } = await platform.temporal.workflow.getHandle(webhookWorkflowId(data[0]?.id ?? '')).fetchHistory();
    const queues = events?.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'sendDelivery' ? [scheduled.taskQueue?.name] : [],
    );
    expect(queues).toEqual([FETCH_TASK_QUEUE]);
  });
});

describe('reviewers', () => {
  it('are never on the same card, however many come at once', async () => {
    const id = await waiting();
    const claims = Array.from({ length: 12 }, (_, index) =>
      send(`${REVIEWS}/${id}/claim`, { key: index % 2 ? FIRST : SECOND, body: { reviewer: `window-${index}` } }),
    );
    const statuses = (await Promise.all(claims)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 409)]);
    expect(await errorOf(await decide(id, confirmed(), SECOND))).toMatchObject({ code: 'review_claimed' });
  });

  it('keep a card by repeating the claim, and give it back', async () => {
    const id = await waiting();
    const claim = (key: string) => send(`${REVIEWS}/${id}/claim`, { key, body: {} });
    const first = await jsonOf<Review>(await claim(FIRST));
    expect(first).toMatchObject({ status: 'claimed' });
    expect(Date.parse(first.claimed_until ?? '') - Date.now()).toBeGreaterThan(4 * 60_000);
    expect((await claim(FIRST)).status).toBe(200);
    expect(await errorOf(await claim(SECOND))).toMatchObject({ status: 409, code: 'review_claimed' });
    expect((await send(`${REVIEWS}/${id}/release`, { key: SECOND, body: {} })).status).toBe(409);
    expect((await send(`${REVIEWS}/${id}/release`, { body: {} })).status).toBe(200);
    expect((await claim(SECOND)).status).toBe(200);
    await platform.database.review.update({ where: { extractionId: id }, data: { leaseUntil: new Date() } });
    expect((await claim(FIRST)).status).toBe(200);
  });

  it('may send a decision again, and hear of it when another one came first', async () => {
    const id = await waiting();
    const repeats = await Promise.all([1, 2, 3].map(() => decide(id, confirmed({ nama: 'BUDI CONTOH' }))));
    expect(repeats.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await decide(id, confirmed({ nama: 'BUDI CONTOH' }))).status).toBe(200);
    expect(await errorOf(await decide(id, confirmed({ nama: 'ANOTHER' })))).toMatchObject({
      status: 409,
      code: 'review_decided',
    });
    expect(await errorOf(await decide(id, confirmed(), SECOND))).toMatchObject({ code: 'review_decided' });
    expect((await job(id)).result?.fields.nama.value).toBe('BUDI CONTOH');
  });

  it('take a card and decide it at once with their own repeats, however these come between', async () => {
    const id = await waiting();
    const holder = { actor: 'somebody', reviewer: null };
    await Promise.all(Array.from({ length: 6 }, () => claimReview(platform, id, holder)));
    const body: DecideBody = { outcome: 'rejected', fields: {} };
    const card = await findReview(platform, 'office', id);
    await decideReview(platform, card, holder, body);
    // Looked up before the first one was stored.
    await decideReview(platform, card, holder, body);
    const another = decideReview(platform, card, holder, { ...body, note: 'blurred' });
    await expect(another).rejects.toMatchObject({ code: 'review_decided' });
  });

  it('see the least sure card first, of their tenant only, page by page', async () => {
    const reds = [120, 60, 90];
    const jobs = await Promise.all(reds.map((red) => read(red, { review: 'doubtful' })));
    const ids = jobs.map(({ id }) => id);
    interface Page {
      readonly data: Review[];
      readonly next_cursor: string | null;
    }
    const seen: Review[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `?status=open&field=nama&limit=2${cursor && `&cursor=${cursor}`}`;
      const page: Page = await jsonOf<Page>(await send(`${REVIEWS}${query}`));
      seen.push(...page.data);
      cursor = page.next_cursor;
    }
    const confidences = seen.map((entry) => entry.least_confidence);
    expect(confidences).toEqual(confidences.toSorted((one, other) => one - other));
    expect(seen.filter(({ id }) => ids.includes(id)).map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]]);
    expect(seen.every((entry) => !('result' in entry))).toBe(true);
    expect((await jsonOf<Page>(await send(REVIEWS, { key: 'other-tenant' }))).data).toEqual([]);
    expect((await jsonOf<Page>(await send(`${REVIEWS}?field=agama`))).data).toEqual([]);
    expect((await send(REVIEWS, { key: 'only-extract' })).status).toBe(403);
    expect((await send(`${REVIEWS}?cursor=%3C`)).status).toBe(400);
  });

  it('get the confirmed cards back as a truth for the bench', async () => {
    const id = await waiting();
    await decide(id, confirmed({ nama: 'RATNA CONTOH', rt: '7' }));
    const truth = await jsonOf<Record<string, { fields: Record<string, string>; read: Record<string, unknown> }>>(
      await send(`${REVIEWS}/export`),
    );
    const own = truth[`${id}.jpg`];
    expect(own?.fields).toMatchObject({ nama: 'RATNA CONTOH', nik: card.compat.nik, tgl_lahir: card.compat.tgl_lahir });
    expect(own?.fields.rt_rw).toMatch(/^007\//);
    expect(own?.read.nama).toEqual({ value: card.fields.nama.value, confidence: 0.39, source: 'ocr', seen: true });
    // Nobody was asked to look at it; on a card that everybody looks at, all was seen.
    expect(own?.read.agama).toMatchObject({ seen: false });
    const whole = await waiting({ review: 'always' });
    await decide(whole, confirmed());
    const all = await jsonOf<typeof truth>(await send(`${REVIEWS}/export`));
    expect(all[`${whole}.jpg`]?.read.agama).toMatchObject({ seen: true });
    // An export of all named no card: whoever asked who had seen theirs was not told of it.
    const exports = (subject: string) =>
      platform.database.accessLogEntry.count({ where: { subject, action: 'review.export' } });
    expect([await exports(id), await exports(whole)]).toEqual([2, 1]);
  });
});

describe('a batch with doubtful cards', () => {
  it('is done when all are read, counts those that wait, and changes as they are decided', async () => {
    const form = new FormData();
    for (const red of [SURE, DOUBTFUL, SURE, DOUBTFUL, SURE]) {
      form.append('images', new Blob([new Uint8Array(await picture(red))]), `${red}.png`);
    }
    form.append('options', JSON.stringify({ review: 'doubtful' }));
    const { id } = await jsonOf<BatchObject>(await send('/v1/ktp/batches', { body: form }));
    const batch = async () => jsonOf<BatchObject>(await send(`/v1/ktp/batches/${id}?wait=30`));
    expect(await batch()).toMatchObject({
      status: 'completed',
      counts: { total: 5, queued: 0, running: 0, needs_review: 2, succeeded: 3, failed: 0, cancelled: 0 },
    });
    const page = await jsonOf<{ data: Review[] }>(await send(`${REVIEWS}?batch=${id}`));
    expect(page.data).toHaveLength(2);
    const csv = await (await send(`/v1/ktp/batches/${id}/results?format=csv`)).text();
    expect(csv.match(/needs_review/g)).toHaveLength(2);
    const [first, second] = page.data.map((entry) => entry.id);
    expect((await decide(first ?? '', confirmed({ nama: 'DEWI CONTOH' }))).status).toBe(200);
    expect((await decide(second ?? '', { outcome: 'rejected' })).status).toBe(200);
    expect((await batch()).counts).toMatchObject({ total: 5, needs_review: 0, succeeded: 4, failed: 1 });
    expect(await (await send(`/v1/ktp/batches/${id}/results?format=csv`)).text()).toContain('DEWI CONTOH');
    await recordHistory('ingest-batch-review', platform.temporal.workflow.getHandle(`batch-${id}`));
  });

  it('goes with its waits when it is erased', async () => {
    const form = new FormData();
    form.append('images', new Blob([new Uint8Array(await picture(DOUBTFUL))]), 'a.png');
    form.append('options', JSON.stringify({ review: 'always' }));
    const { id } = await jsonOf<BatchObject>(await send('/v1/ktp/batches', { body: form }));
    await send(`/v1/ktp/batches/${id}?wait=30`);
    const row = await platform.database.review.findFirstOrThrow({ where: { batchId: id } });
    const headers = bearer(FIRST).headers;
    expect((await api.request(`/v1/ktp/batches/${id}`, { method: 'DELETE', headers })).status).toBe(204);
    expect(await platform.database.review.count({ where: { batchId: id } })).toBe(0);
    await expect(platform.blobs.read(row.picture ?? '')).rejects.toMatchObject({ code: 'not_found' });
    await untilGone(row.extractionId);
  });
});
