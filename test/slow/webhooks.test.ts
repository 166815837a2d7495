import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BatchObject } from '../../src/api/batches/batch-schema.ts';
import type { ExtractionJob } from '../../src/api/extractions/job-schema.ts';
import type { KeptWorkers } from '../../src/runtime/roles/keep-working.ts';
import { errorOf, jsonOf, jsonRequest, startTestApi, type TestApi } from '../support/api.ts';
import { ColourReader, picture } from '../support/colour-reader.ts';
import { recordHistory } from '../support/histories.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { specimenResult } from '../support/results.ts';

const SECRETS = ['b', 'a'].map((letter) => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`);
const KEYS = 'first-tenant-key:extract:first,second-tenant-key:extract:second';
const EXTRACTIONS = '/v1/ktp/extractions';
const TIMEOUT_MS = 1_500;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly at: number;
  /** What the row said when the event came. */
  readonly stored: string | undefined;
}

interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly status: string;
  readonly attempts: readonly { readonly status_code: number | null; readonly error: string | null }[];
}

let platform: Platform;
let workflows: KeptWorkers;
let api: TestApi;
let receiver: Server;
let url: string;
let received: Received[];
/** How the receiver answers, try by try; the last one stays. */
let answers: (number | 'hang' | 'redirect')[];
/** Requests that reached the address that no webhook may reach. */
let inside = 0;
let addresses: string[];
const reader = new ColourReader(() => platform, await specimenResult());

beforeAll(async () => {
  platform = await startPlatform({
    environment: { ALLOW_PRIVATE_URLS: '1', WEBHOOK_SECRET: SECRETS.join(','), API_KEYS: KEYS },
    readCard: () => reader.readCard,
    webhooks: {
      // 127.0.0.1 stands in for the public network.
      guard: {
        allowPrivate: false,
        isPublic: (address) => address === '127.0.0.1',
        resolve: async () => [{ address: (addresses.length > 1 ? addresses.shift() : addresses[0]) ?? '', family: 4 }],
      },
      pausesSeconds: Array(7).fill(0.02),
      timeoutMs: TIMEOUT_MS,
    },
  });
  workflows = platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
  const private_ = createServer((_request, response) => {
    inside++;
    response.end();
  });
  await new Promise<void>((resolve) => private_.listen(0, '127.0.0.2', resolve));
  const { port: privatePort } = private_.address() as AddressInfo;
  receiver = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id } = JSON.parse(text).data as { id: string };
    const { database } = platform;
    const row =
      (await database.extraction.findUnique({ where: { id } })) ?? (await database.batch.findUnique({ where: { id } }));
    received.push({ headers: request.headers, text, at: Date.now(), stored: row?.status });
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
    if (answer === 'hang') return;
    if (answer === 'redirect') response.writeHead(302, { location: `http://127.0.0.2:${privatePort}/` });
    else response.writeHead(answer);
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?key=of-the-receiver`;
  return () => private_.close();
}, 90_000);
afterAll(async () => {
  await api?.close();
  await platform?.stop();
  receiver?.close();
  receiver?.closeAllConnections();
});
beforeEach(() => {
  received = [];
  answers = [200];
  addresses = ['127.0.0.1'];
});
afterEach(() => expect(inside).toBe(0));

const as = (init: RequestInit, key = 'first-tenant-key'): RequestInit => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${key}` },
});
const get = async <Body>(path: string): Promise<Body> => jsonOf<Body>(await api.request(path, as({})));

async function extract(webhook: object = { url }, colour = 200): Promise<ExtractionJob> {
  const image_base64 = (await picture(colour)).toString('base64');
  const response = await api.request(`${EXTRACTIONS}?wait=30`, as(jsonRequest({ image_base64, options: { webhook } })));
  expect(response.status).toBe(200);
  return jsonOf<ExtractionJob>(response);
}

const deliveriesOf = async (self: string) => (await get<{ data: Delivery[] }>(`${self}/deliveries`)).data;

/** The deliveries of a subject once none of them is under way. */
async function settled(self: string, count = 1): Promise<Delivery[]> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const deliveries = await deliveriesOf(self);
    if (deliveries.length === count && deliveries.every(({ status }) => status !== 'pending')) return deliveries;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(deliveries)}`);
  }
}

const codesOf = (delivery: Delivery | undefined) =>
  delivery?.attempts.map(({ error, status_code }) => error ?? status_code);

describe('a webhook', () => {
  it('is told of a read card once, by id and status only, signed with every secret, after the row was stored', async () => {
    const job = await extract();
    const [delivery] = await settled(job.links.self);
    expect(delivery).toMatchObject({ event: 'extraction.finished', status: 'delivered' });
    expect(codesOf(delivery)).toEqual([200]);
    expect(received).toHaveLength(1);
    const { headers, stored, text } = received[0]!;
    expect(stored).toBe('succeeded');
    expect(headers['webhook-id']).toBe(delivery?.id);
    for (const secret of SECRETS) {
      expect(new Webhook(secret).verify(text, headers as Record<string, string>)).toEqual({
        type: 'extraction.finished',
        timestamp: job.finished_at,
        data: { id: job.id, object: 'ktp.extraction', status: 'succeeded' },
      });
    }
    const stranger = new Webhook(`whsec_${Buffer.from('c'.repeat(32)).toString('base64')}`);
    expect(() => stranger.verify(text, headers as Record<string, string>)).toThrow();
    expect(api.logs.join('')).not.toContain('of-the-receiver');
    await recordHistory('webhook-delivered', platform.temporal.workflow.getHandle(`webhook-${delivery?.id}`));
    await recordHistory('extract-document-webhook', platform.temporal.workflow.getHandle(`extraction-${job.id}`));
  });

  it('is sent the result where it was asked for, and who was sent it stands in the access log', async () => {
    const job = await extract({ url, include_result: true });
    await settled(job.links.self);
    expect(JSON.parse(received[0]!.text).data).toEqual({
      id: job.id,
      object: 'ktp.extraction',
      status: 'succeeded',
      result: job.result,
    });
    const where = { subject: job.id, action: 'webhook.send' };
    expect(await platform.database.accessLogEntry.count({ where })).toBe(1);
  });

  it('is told of failures and cancellations too', async () => {
    const job = await extract({ url }, 0);
    expect(job.status).toBe('failed');
    await settled(job.links.self);
    expect(JSON.parse(received[0]!.text).data).toMatchObject({ status: 'failed', error: { code: 'not_a_ktp' } });
    reader.slow = 10_000;
    const image_base64 = (await picture(90)).toString('base64');
    const body = { image_base64, options: { webhook: { url } } };
    const { links } = await jsonOf<ExtractionJob>(await api.request(EXTRACTIONS, as(jsonRequest(body))));
    await api.request(links.cancel, as({ method: 'POST' }));
    reader.slow = 0;
    await settled(links.self);
    expect(received[1]).toMatchObject({ stored: 'cancelled' });
    expect(JSON.parse(received[1]!.text).data.status).toBe('cancelled');
  });

  it('that fails, hangs and redirects is tried again under the same id, and no redirect is followed', async () => {
    answers = [500, 'hang', 'redirect', 204];
    const job = await extract();
    const [delivery] = await settled(job.links.self);
    expect(codesOf(delivery)).toEqual([500, 'timeout', 302, 204]);
    expect(delivery?.status).toBe('delivered');
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery?.id]));
  });

  it('whose name changes its address to this machine is not reached there', async () => {
    answers = [500, 200];
    addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.1'];
    const job = await extract({ url: url.replace('127.0.0.1', 'receiver.example') });
    const [delivery] = await settled(job.links.self);
    expect(codesOf(delivery)).toEqual([500, 'blocked_url', 200]);
  });

  it('is given up after eight tries, at once where it answers 410, and can be told again', async () => {
    answers = [503];
    const job = await extract();
    const [given] = await settled(job.links.self);
    expect(given?.status).toBe('failed');
    expect(codesOf(given)).toEqual(Array(8).fill(503));
    const shown = await get<ExtractionJob>(job.links.self);
    expect(shown).toMatchObject({ status: 'succeeded', webhook: { status: 'failed', tries: 8 } });
    answers = [410];
    const again = `${job.links.self}/deliveries/${given?.id}/redeliver`;
    expect((await api.request(again, as({ method: 'POST' }))).status).toBe(202);
    for (; (await deliveriesOf(job.links.self))[0]?.attempts.length !== 9; ) await sleep(50);
    const [gone] = await settled(job.links.self);
    expect(codesOf(gone)).toEqual([...Array(8).fill(503), 410]);
    expect(gone?.status).toBe('failed');
    answers = [200];
    await api.request(again, as({ method: 'POST' }));
    for (; (await deliveriesOf(job.links.self))[0]?.status !== 'delivered'; ) await sleep(50);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('is told by the next worker where the one that stored the outcome is gone', async () => {
    answers = [500, 500, 200];
    reader.slow = 300;
    const image_base64 = (await picture(80)).toString('base64');
    const body = { image_base64, options: { webhook: { url } } };
    const { links } = await jsonOf<ExtractionJob>(await api.request(EXTRACTIONS, as(jsonRequest(body))));
    await workflows.stop();
    reader.slow = 0;
    await sleep(500);
    expect(received).toEqual([]);
    workflows = platform.startWorkflows();
    const [delivery] = await settled(links.self);
    expect(codesOf(delivery)).toEqual([500, 500, 200]);
  });

  it('of a batch is told of each run, with the counts', async () => {
    const items = await Promise.all(
      [0, 100].map(async (colour) => ({ image_base64: (await picture(colour)).toString('base64') })),
    );
    const created = await api.request('/v1/ktp/batches', as(jsonRequest({ items, webhook: { url } })));
    expect(created.status).toBe(202);
    const { id, links } = await jsonOf<BatchObject>(created);
    await settled(links.self);
    const counts = { total: 2, succeeded: 1, failed: 1, cancelled: 0 };
    const { type, data } = JSON.parse(received[0]!.text);
    expect({ type, data }).toEqual({
      type: 'batch.finished',
      data: { id, object: 'ktp.batch', status: 'completed', counts },
    });
    expect((await api.request(links.retry, as({ method: 'POST' }))).status).toBe(202);
    const deliveries = await settled(links.self, 2);
    expect((await get<BatchObject>(links.self)).webhook).toEqual({ status: 'delivered', tries: 1 });
    expect(new Set(deliveries.map((delivery) => delivery.id)).size).toBe(2);
    expect(received.map(({ stored }) => stored)).toEqual(['completed', 'completed']);
  });

  it('and its deliveries are nothing to other tenants, and go with what they are about', async () => {
    const job = await extract();
    const [delivery] = await settled(job.links.self);
    const paths = [`${job.links.self}/deliveries`, `${job.links.self}/deliveries/${delivery?.id}/redeliver`];
    const theirs = await api.request(paths[0]!, as({}, 'second-tenant-key'));
    expect(await errorOf(theirs)).toMatchObject({ status: 404 });
    const again = await api.request(paths[1]!, as({ method: 'POST' }, 'second-tenant-key'));
    expect(await errorOf(again)).toMatchObject({ status: 404 });
    expect((await api.request(job.links.self, as({ method: 'DELETE' }))).status).toBe(204);
    expect(await platform.database.webhookDelivery.count({ where: { subject: job.id } })).toBe(0);
  });

  it('that this server must not reach is refused at once, and so is a result of a whole batch', async () => {
    const strict = await startTestApi(platform, { ALLOW_PRIVATE_URLS: '0' });
    const image_base64 = (await picture(10)).toString('base64');
    for (const target of [
      'http://127.0.0.1/',
      'http://localhost/',
      'http://169.254.169.254/',
      'ftp://a.example/',
      'x',
    ]) {
      const body = { image_base64, options: { webhook: { url: target } } };
      expect(await errorOf(await strict.request(EXTRACTIONS, as(jsonRequest(body)))), target).toEqual({
        status: 400,
        code: 'blocked_url',
        param: 'options.webhook.url',
      });
      const batch = { items: [{ image_base64 }], webhook: { url: target } };
      expect(await errorOf(await strict.request('/v1/ktp/batches', as(jsonRequest(batch)))), target).toMatchObject({
        code: 'blocked_url',
        param: 'webhook.url',
      });
    }
    await strict.close();
    const batch = { items: [{ image_base64 }], webhook: { url, include_result: true } };
    expect(await errorOf(await api.request('/v1/ktp/batches', as(jsonRequest(batch))))).toMatchObject({
      status: 400,
      param: 'webhook.include_result',
    });
  });
});
