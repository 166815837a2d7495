import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../../src/api/access/caller.ts';
import { HOME_KEY_ID } from '../../../src/api/access/key-secret.ts';
import { startApiServer } from '../../../src/api/server.ts';
import { adminKeyPath, ensureAdminKey } from '../../../src/runtime/embedded/admin-key.ts';
import { bearer, errorOf, jsonOf, jsonRequest, startLonelyApi, type TestApi } from '../../support/api.ts';

interface Key {
  id: string;
  key: string;
}

const ADMIN = 'admin-key-0000';
const OTHER_ADMIN = 'other-admin-key-0000';
const EXTRACT = 'extract-key-0000';

describe('with keys in the environment', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startLonelyApi({
      API_KEYS: `${ADMIN}:admin,${OTHER_ADMIN}:admin,${EXTRACT}:extract:clinic`,
    });
  });
  afterAll(() => api?.close());

  const create = async (body: object, key = ADMIN) => {
    const request = jsonRequest(body);
    const headers = { ...request.headers, ...bearer(key).headers };
    return api.request('/v1/admin/keys', { ...request, headers });
  };

  it('refuses a missing, unknown or malformed key with 401', async () => {
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong-key-0000' },
      { authorization: 'Basic eDp5' },
    ];
    for (const headers of wrong) {
      const response = await api.request('/v1/ktp/extractions/ext_1', { headers });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await errorOf(response)).toMatchObject({ status: 401, code: 'invalid_api_key' });
    }
  });

  it('refuses a key without the scope with 403, admin keys too', async () => {
    expect(await errorOf(await api.request('/v1/admin/keys', bearer(EXTRACT)))).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
    });
    expect(await errorOf(await api.request('/v1/ktp/extractions/ext_1', bearer(ADMIN)))).toMatchObject({ status: 403 });
  });

  it('checks the key before it looks at the body', async () => {
    const response = await api.request('/ktp-ocr/', { method: 'POST', body: 'x'.repeat(30_000_000) });
    expect(await errorOf(response)).toMatchObject({ status: 401 });
  });

  it('leaves health open and closes metrics, docs, OpenAPI and schema', async () => {
    for (const path of ['/health', '/livez']) expect((await api.request(path)).status, path).toBe(200);
    for (const path of ['/metrics', '/docs', '/openapi.json', '/openapi.yaml', '/schemas/ktp.json']) {
      expect((await api.request(path)).status, path).toBe(401);
      expect((await api.request(path, bearer(EXTRACT))).status, path).toBe(200);
    }
  });

  it('creates a key that is shown once, works at once, and is kept as a hash only', async () => {
    const response = await create({ scopes: ['extract'], tenant: 'clinic', name: 'front desk' });
    const created = await jsonOf<Key>(response);
    expect(response.status).toBe(201);
    expect(created).toMatchObject({ object: 'api_key', scopes: ['extract'], tenant: 'clinic', name: 'front desk' });
    expect(await errorOf(await api.request('/v1/ktp/extractions/ext_1', bearer(created.key)))).toMatchObject({
      status: 404,
    });
    const listed = await (await api.request('/v1/admin/keys', bearer(ADMIN))).text();
    expect(listed).toContain(created.id);
    expect(listed).not.toContain(created.key);
    const rows = await api.context.database.apiKey.findMany();
    expect(JSON.stringify(rows)).not.toContain(created.key);
  });

  it('makes one key of a request that is sent again, and shows it to nobody else', async () => {
    const send = (name: string, admin = ADMIN, idempotencyKey = 'key of the front desk') => {
      const { headers, ...request } = jsonRequest({ scopes: ['extract'], name });
      const sent = { ...headers, ...bearer(admin).headers, 'idempotency-key': idempotencyKey };
      return api.request('/v1/admin/keys', { ...request, headers: sent });
    };
    const answers = await Promise.all([send('once'), send('once'), send('once')]);
    const made = await Promise.all(answers.map((answer) => jsonOf<Key>(answer)));
    expect(new Set(made.map((each) => JSON.stringify(each))).size).toBe(1);
    const [{ id, key }] = made as [Key];
    expect(key).toMatch(/^ktpf_[\w-]{43}$/);
    expect((await api.request('/v1/ktp/extractions/ext_1', bearer(key))).status).toBe(404);
    const rows = await api.context.database.apiKey.findMany({ where: { name: 'once' } });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(key);
    expect(await errorOf(await send('another'))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    // The same Idempotency-Key of another caller is another.
    expect((await jsonOf<Key>(await send('once', OTHER_ADMIN))).key).not.toBe(key);
    // What was replaced, revoked or made a day ago is not shown again.
    const path = `/v1/admin/keys/${id}`;
    await api.request(`${path}/rotate`, { method: 'POST', ...bearer(ADMIN) });
    const next = await jsonOf<Key>(await send('once'));
    expect(next.id).not.toBe(id);
    await api.request(`/v1/admin/keys/${next.id}`, { method: 'DELETE', ...bearer(ADMIN) });
    const third = await jsonOf<Key>(await send('once'));
    expect(new Set([key, next.key, third.key]).size).toBe(3);
    const createdAt = new Date(Date.now() - 25 * 3_600_000);
    await api.context.database.apiKey.update({ where: { id: third.id }, data: { createdAt } });
    expect((await jsonOf<Key>(await send('once'))).id).not.toBe(third.id);
    expect(await errorOf(await send('x', ADMIN, 'ä'))).toMatchObject({ status: 400, param: 'Idempotency-Key' });
  });

  it('ends a revoked, a rotated and an expired key at once', async () => {
    const status = async (key: string) => (await api.request('/v1/ktp/extractions/ext_1', bearer(key))).status;
    const { id, key } = await jsonOf<Key>(await create({ scopes: ['extract'] }));
    const rotated = await api.request(`/v1/admin/keys/${id}/rotate`, { method: 'POST', ...bearer(ADMIN) });
    const { key: newKey, id: sameId } = await jsonOf<Key>(rotated);
    expect([sameId, await status(key), await status(newKey)]).toEqual([id, 401, 404]);

    const revoked = await api.request(`/v1/admin/keys/${id}`, { method: 'DELETE', ...bearer(ADMIN) });
    expect([revoked.status, await status(newKey)]).toEqual([204, 401]);
    const again = await api.request(`/v1/admin/keys/${id}`, { method: 'DELETE', ...bearer(ADMIN) });
    expect(await errorOf(again)).toMatchObject({ status: 404 });

    const soon = await jsonOf<Key>(
      await create({ scopes: ['extract'], expires_at: new Date(Date.now() + 3_600_000).toISOString() }),
    );
    expect(await status(soon.key)).toBe(404);
    const expiresAt = new Date(Date.now() - 1000);
    await api.context.database.apiKey.update({ where: { id: soon.id }, data: { expiresAt } });
    expect(await status(soon.key)).toBe(401);
  });

  it('refuses bad bodies by their path', async () => {
    for (const [body, param] of [
      [{}, 'scopes'],
      [{ scopes: [] }, 'scopes'],
      [{ scopes: ['root'] }, 'scopes.0'],
      [{ scopes: ['chat'], tenant: 'a b' }, 'tenant'],
      [{ scopes: ['chat'], name: 'a\u0000b' }, 'name'],
      [{ scopes: ['chat'], expires_at: 'tomorrow' }, 'expires_at'],
      [{ scopes: ['chat'], expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    ] as const) {
      expect(await errorOf(await create(body))).toEqual({ status: 400, code: 'invalid_value', param });
    }
  });

  it('pages through keys without losing or repeating one', async () => {
    for (let index = 0; index < 5; index++) await create({ scopes: ['chat'], name: `page ${index}` });
    const expected = await api.context.database.apiKey.count({ where: { revokedAt: null } });
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const page = await jsonOf<{ data: Key[]; has_more: boolean; next_cursor: string }>(
        await api.request(`/v1/admin/keys?limit=2${cursor}`, bearer(ADMIN)),
      );
      expect(page).toMatchObject({ object: 'list' });
      seen.push(...page.data.map((key) => key.id));
      if (!page.has_more) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect([new Set(seen).size, seen.length]).toEqual([expected, expected]);
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=x',
      'cursor=x',
      `cursor=${Buffer.from('1 \0').toString('base64url')}`,
    ]) {
      expect((await errorOf(await api.request(`/v1/admin/keys?${query}`, bearer(ADMIN)))).code, query).toBe(
        'invalid_value',
      );
    }
  });

  it('writes who did it into the access log, which refuses changes', async () => {
    const { database } = api.context;
    const entries = await database.accessLogEntry.findMany({ where: { action: 'key.create' } });
    expect(entries.length).toBeGreaterThan(0);
    expect(entries[0]?.actor).toMatch(/^env_[0-9a-f]{16}$/);
    await database.accessLogEntry.deleteMany().catch(() => undefined);
    expect(await database.accessLogEntry.count()).toBeGreaterThanOrEqual(entries.length);
  });
});

describe('without any key', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startLonelyApi();
  });
  afterAll(() => api?.close());

  const anonymous = (headers: Record<string, string>) => api.request('/v1/ktp/extractions/ext_1', { headers });

  it('serves this machine, whatever key an SDK insists on sending', async () => {
    expect((await anonymous({})).status).toBe(404);
    expect((await anonymous({ authorization: 'Bearer sk-none' })).status).toBe(404);
  });

  it.each([
    ['x-forwarded-for', '203.0.113.9'],
    ['x-forwarded-for', '127.0.0.1'],
    ['X-Forwarded-Host', 'localhost'],
    ['x-forwarded-proto', 'https'],
    ['X-Real-IP', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1'],
    ['via', '1.1 proxy'],
    ['CF-Connecting-IP', '203.0.113.9'],
    ['true-client-ip', '203.0.113.9'],
  ])('serves nobody behind a proxy of this machine: %s: %s', async (name, value) => {
    expect(await errorOf(await anonymous({ [name]: value }))).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect((await api.request('/metrics', { headers: { [name]: value } })).status).toBe(401);
    expect((await api.request('/livez', { headers: { [name]: value } })).status).toBe(200);
  });

  it("serves nobody behind nginx's plain proxy_pass, which adds no header but speaks HTTP/1.0", async () => {
    const { port } = new URL(api.address);
    const request = (version: string) =>
      `GET /v1/ktp/extractions/ext_1 HTTP/${version}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
    expect(await rawAnswer(Number(port), request('1.0'))).toMatch(/^HTTP\/1\.1 401 /);
    expect(await rawAnswer(Number(port), request('1.1'))).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('serves no page of another site, which a browser lets send a form to localhost', async () => {
    expect((await anonymous({ origin: 'https://evil.example' })).status).toBe(401);
    expect((await anonymous({ origin: 'null' })).status).toBe(401);
    expect((await anonymous({ origin: api.address })).status).toBe(404);
  });

  it('makes nobody an admin, also not on this machine', async () => {
    const requests: [string, RequestInit][] = [
      ['/v1/admin/keys', {}],
      ['/v1/admin/keys', bearer('sk-none')],
      ['/v1/admin/keys', jsonRequest({ scopes: ['admin'] })],
      ['/v1/admin/keys/key_1', { method: 'DELETE' }],
      ['/v1/admin/keys/key_1/rotate', { method: 'POST' }],
    ];
    for (const [path, init] of requests) {
      expect(await errorOf(await api.request(path, init)), path).toMatchObject({
        status: 401,
        code: 'invalid_api_key',
      });
    }
    const generous = await startApiServer({ ...api.context, config: { ...api.context.config, ALLOW_ANONYMOUS: true } });
    expect((await fetch(`${generous.address}/v1/admin/keys`)).status).toBe(401);
    await generous.close();
  });

  it('lets nobody review from elsewhere, also where anybody may read cards', async () => {
    const generous = await startApiServer({ ...api.context, config: { ...api.context.config, ALLOW_ANONYMOUS: true } });
    const ask = (path: string, headers: Record<string, string>) => fetch(`${generous.address}${path}`, { headers });
    const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
    for (const path of ['/v1/ktp/reviews', '/v1/ktp/reviews/export', '/v1/ktp/reviews/ext_1/picture']) {
      expect(await errorOf(await ask(path, elsewhere)), path).toMatchObject({ status: 401, code: 'invalid_api_key' });
    }
    expect((await ask('/v1/ktp/extractions/ext_1', elsewhere)).status).toBe(404);
    expect((await ask('/v1/ktp/reviews', {})).status).toBe(200);
    await generous.close();
  });

  it('serves nobody where TRUST_PROXY says that a proxy is there', async () => {
    const proxied = await startApiServer({
      ...api.context,
      config: { ...api.context.config, TRUST_PROXY: 'loopback' },
    });
    expect((await fetch(`${proxied.address}/v1/ktp/extractions/ext_1`)).status).toBe(401);
    await proxied.close();
  });

  it('refuses to listen to other machines, with one line that says what to set', async () => {
    const config = { ...api.context.config, HOST: '0.0.0.0' };
    await expect(startApiServer({ ...api.context, config })).rejects.toThrow(/^HOST: .*API_KEYS.*ALLOW_ANONYMOUS=1/);
    const server = await startApiServer({ ...api.context, config: { ...config, ALLOW_ANONYMOUS: true } });
    await server.close();
  });

  it('says which port is taken', async () => {
    const config = { ...api.context.config, PORT: Number(new URL(api.address).port) };
    await expect(startApiServer({ ...api.context, config })).rejects.toThrow(/^PORT: port \d+ .* in use/);
  });

  it('the key of the home is an admin from the first start on, and ends no access without a key', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ktpflow-home-'));
    await ensureAdminKey(home, api.context.database);
    const key = (await readFile(adminKeyPath(home), 'utf8')).trim();
    await rm(home, { recursive: true });
    const listed = await jsonOf<{ data: Key[] }>(await api.request('/v1/admin/keys', bearer(key)));
    expect(listed.data).toMatchObject([
      { id: HOME_KEY_ID, tenant: ANONYMOUS, scopes: ['extract', 'chat', 'review', 'admin'] },
    ]);
    expect((await anonymous({})).status).toBe(404);
    for (const [path, method] of [
      [`/v1/admin/keys/${HOME_KEY_ID}`, 'DELETE'],
      [`/v1/admin/keys/${HOME_KEY_ID}/rotate`, 'POST'],
    ] as const) {
      expect(await errorOf(await api.request(path, { method, ...bearer(key) }))).toMatchObject({ code: 'unsupported' });
    }
    expect((await api.request('/v1/admin/keys', bearer(key))).status).toBe(200);

    const make = (body: object) =>
      api.request('/v1/admin/keys', {
        ...jsonRequest(body),
        headers: { ...jsonRequest(body).headers, ...bearer(key).headers },
      });
    const first = await jsonOf<Key & { ends_anonymous_access: boolean }>(await make({ scopes: ['extract'] }));
    expect(first.ends_anonymous_access).toBe(true);
    // Nobody is locked out, and what was made without a key stays within reach.
    expect((await anonymous({})).status).toBe(401);
    expect((await anonymous(bearer(first.key).headers)).status).toBe(404);
    const second = await jsonOf<Key & { ends_anonymous_access: boolean }>(
      await make({ scopes: ['extract'], tenant: ANONYMOUS }),
    );
    expect(second.ends_anonymous_access).toBe(false);

    // Revoking the last key opens nothing, here or in a process that starts later.
    for (const { id } of [first, second]) {
      expect((await api.request(`/v1/admin/keys/${id}`, { method: 'DELETE', ...bearer(key) })).status).toBe(204);
    }
    expect((await anonymous({})).status).toBe(401);
    const later = await startApiServer(api.context);
    expect((await fetch(`${later.address}/v1/ktp/extractions/ext_1`)).status).toBe(401);
    await later.close();
  });
});

/** What a server answers to bytes that fetch would not send. */
function rawAnswer(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (answer += text));
    socket.once('end', () => resolve(answer));
    socket.once('error', reject);
  });
}
