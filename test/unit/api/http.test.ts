import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  errorOf,
  imageForm,
  jsonOf,
  jsonRequest,
  type LonelyApi,
  specimen,
  startLonelyApi,
} from '../../support/api.ts';

const NIK = '3171234567890000';
let api: LonelyApi;

beforeAll(async () => {
  api = await startLonelyApi();
});
afterAll(() => api?.close());

/** Sends bytes as they are and reads the whole answer. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.address);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
}

describe('every answer', () => {
  it('carries a request id: the caller’s where it has the form, else ours', async () => {
    const own = await api.request('/livez', { headers: { 'x-request-id': 'abc:1.2-3_4' } });
    expect(own.headers.get('x-request-id')).toBe('abc:1.2-3_4');
    for (const bad of ['a b', 'x'.repeat(129), 'ä']) {
      const response = await api.request('/livez', { headers: { 'x-request-id': encodeURI(bad) } });
      expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
    }
  });

  it('is neither stored, sniffed nor framed', async () => {
    const { headers } = await api.request('/livez');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('is the error envelope for unknown paths, methods and ids', async () => {
    expect(await errorOf(await api.request('/nowhere'))).toMatchObject({ status: 404, code: 'not_found' });
    expect(await errorOf(await api.request('/v1/ktp/extractions/%E0%A4%A'))).toMatchObject({ status: 400 });
    expect(await errorOf(await api.request('/v1/ktp/extractions/ext_x'))).toMatchObject({ status: 404 });
    expect(await errorOf(await api.request('/v1/ktp/extractions/ext_%00'))).toMatchObject({ status: 400 });
    const wrong = await api.request('/v1/ktp/extractions', { method: 'PATCH' });
    expect(wrong.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    expect(await errorOf(wrong)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  it('exists for HEAD and OPTIONS too', async () => {
    const head = await api.request('/livez', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await api.request('/ktp-ocr/', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
  });

  it('is the envelope also where the HTTP parser refuses the request', async () => {
    const overflow = await raw(`GET /livez HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(40_000)}\r\n\r\n`);
    expect(overflow).toMatch(/^HTTP\/1\.1 431 /);
    expect(overflow).toContain('"code":"headers_too_large"');
    const malformed = await raw('NOT HTTP AT ALL\r\n\r\n');
    expect(malformed).toMatch(/^HTTP\/1\.1 400 /);
    expect(malformed).toContain('"code":"malformed_request"');
    expect(malformed).toMatch(/x-request-id: req_/);
  });
});

describe('bodies', () => {
  const post = (init: RequestInit) => api.request('/v1/ktp/extractions', { method: 'POST', ...init });
  const json = { 'content-type': 'application/json' };

  it('that are no JSON, of another type, missing or too large are refused', async () => {
    expect(await errorOf(await post({ headers: json, body: '{' }))).toMatchObject({
      status: 400,
      code: 'invalid_json',
    });
    expect(await errorOf(await post({ headers: json, body: '"text"' }))).toMatchObject({ code: 'invalid_value' });
    expect(await errorOf(await post({ headers: json, body: '{}' }))).toMatchObject({
      status: 422,
      code: 'missing_image',
    });
    expect(await errorOf(await post({}))).toMatchObject({ status: 422, code: 'missing_image' });
    expect(await errorOf(await post({ body: 'hello' }))).toMatchObject({ status: 400, code: 'unsupported_media_type' });
    expect(
      await errorOf(await post({ headers: { 'content-type': 'application/json; charset=latin1' }, body: '{}' })),
    ).toMatchObject({ status: 400, code: 'unsupported_media_type' });
    const compressed = await post({ headers: { ...json, 'content-encoding': 'compress' }, body: '{}' });
    expect(compressed.headers.get('accept-encoding')).toBe('gzip, deflate, br');
    expect(await errorOf(compressed)).toMatchObject({ status: 415, code: 'unsupported_content_encoding' });
    const large = JSON.stringify({ image_base64: 'A'.repeat(26 * 1024 * 1024) });
    expect(await errorOf(await post({ headers: json, body: large }))).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
    expect((await api.request('/livez')).status).toBe(200);
  });

  it.each(['utf8', '"UTF8"', 'us-ascii', 'utf-8; a=b'])(
    'are read as UTF-8 where clients write charset=%s',
    async (name) => {
      const headers = { 'content-type': `application/json; charset=${name}` };
      expect(await errorOf(await post({ headers, body: '{}' }))).toMatchObject({ status: 422, code: 'missing_image' });
    },
  );

  it('are never read with other letters than were sent: they are UTF-8, or refused', async () => {
    const response = await post({ headers: json, body: new Uint8Array(Buffer.from('{"reference":"José"}', 'latin1')) });
    expect(await errorOf(response.clone())).toMatchObject({ status: 400, code: 'invalid_json' });
    expect(await response.text()).toContain('not UTF-8');
  });

  it.each(['utf-8', 'UTF8', 'none'])('are not packed where their Content-Encoding is %s', async (encoding) => {
    const headers = { ...json, 'content-encoding': encoding };
    expect(await errorOf(await post({ headers, body: '{}' }))).toMatchObject({ code: 'missing_image' });
  });

  it('may be packed as x-gzip, and say so where they cannot be unpacked', async () => {
    const packed = new Uint8Array(gzipSync('{}'));
    const headers = { ...json, 'content-encoding': 'x-gzip' };
    expect(await errorOf(await post({ headers, body: packed }))).toMatchObject({ code: 'missing_image' });
    for (const [encoding, body] of [
      ['gzip', packed.subarray(0, 15)],
      ['gzip', new Uint8Array(Buffer.from('{}'))],
      ['br', packed],
    ] as const) {
      const response = await post({ headers: { ...json, 'content-encoding': encoding }, body });
      expect(await errorOf(response.clone())).toMatchObject({ status: 400, code: 'malformed_request' });
      expect(await response.text()).toContain('Content-Encoding');
    }
  });

  it('name the path of a bad value, and never the value', async () => {
    const bad = [
      [{ image_base64: 1 }, 'image_base64'],
      [{ image_base64: 'AAAA', options: { strategy: NIK } }, 'options.strategy'],
      [{ image_base64: 'AAAA', options: { reject_low_quality: NIK } }, 'options.reject_low_quality'],
      [{ image_base64: 'AAAA', options: { metadata: { a: 1 } } }, 'options.metadata.a'],
      [{ image_base64: 'AAAA', options: { reference_id: NIK.repeat(20) } }, 'options.reference_id'],
      [{ image_base64: 'AAAA', image_url: 'https://example.org/' }, 'image_url'],
    ] as const;
    for (const [body, param] of bad) {
      const response = await post(jsonRequest(body));
      const answer = await response.clone().text();
      expect(answer).not.toContain(NIK);
      expect(await errorOf(response)).toEqual({ status: 400, code: 'invalid_value', param });
    }
    const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v']));
    expect(
      await errorOf(await post(jsonRequest({ image_base64: 'AAAA', options: { metadata: pairs } }))),
    ).toMatchObject({
      code: 'invalid_value',
    });
  });

  it('of later versions are refused as unsupported', async () => {
    const image_base64 = 'AAAA';
    for (const [body, param] of [[{ image_base64, options: { strategy: 'vlm' } }, 'options.strategy']] as const) {
      expect(await errorOf(await post(jsonRequest(body)))).toEqual({ status: 400, code: 'unsupported', param });
    }
  });

  it('that name a file which is not there are 404', async () => {
    const expected = { status: 404, code: 'not_found', param: 'file_id' };
    expect(await errorOf(await post(jsonRequest({ file_id: 'file-1' })))).toEqual(expected);
  });

  it('that ask for a webhook are refused without a secret to sign with', async () => {
    const body = { image_base64: 'AAAA', options: { webhook: { url: 'https://example.org/' } } };
    const expected = { status: 400, code: 'unsupported', param: 'options.webhook' };
    expect(await errorOf(await post(jsonRequest(body)))).toEqual(expected);
  });

  it('that hold no image are refused before anything is started', async () => {
    for (const [image_base64, code] of [
      ['', 'invalid_image'],
      ['!!!!', 'invalid_image'],
      [Buffer.from('just text').toString('base64'), 'invalid_image'],
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64'), 'unsupported_media_type'],
      ['data:image/png;base64,', 'invalid_image'],
      ['A'.repeat(21 * 1024 * 1024), 'payload_too_large'],
    ] as const) {
      expect((await errorOf(await post(jsonRequest({ image_base64 })))).code, image_base64.slice(0, 20)).toBe(code);
    }
    for (const image_url of ['file:///etc/passwd', 'ftp://example.org/a', '/etc/passwd', 'http://127.0.0.1/', 'x']) {
      expect(await errorOf(await post(jsonRequest({ image_url })))).toMatchObject({ status: 400, code: 'blocked_url' });
    }
    expect(await api.context.database.extraction.count()).toBe(0);
  });

  it('with a bad ?wait are refused', async () => {
    for (const wait of ['-1', 'x', '1e3']) {
      const response = await api.request(`/v1/ktp/extractions?wait=${wait}`, jsonRequest({ image_base64: 'AAAA' }));
      expect(await errorOf(response)).toEqual({ status: 400, code: 'invalid_value', param: 'wait' });
    }
  });
});

describe('a query', () => {
  it.each([
    ['/v1/ktp/batches?limt=5', 'limt', 'limit, cursor'],
    ['/v1/ktp/extractions?after=ktp_1', 'after', 'cursor'],
    ['/v1/ktp/extractions?limit=5&page=2', 'page', 'cursor'],
    ['/v1/ktp/extractions/none?Wait=5', 'Wait', 'wait'],
    ['/v1/ktp/batches/none/results?fromat=csv', 'fromat', 'format'],
    ['/v1/ktp/batches/none/items?state=failed', 'state', 'status'],
  ])('with a misspelt parameter is refused instead of answered without it: %s', async (path, param, known) => {
    const response = await api.request(path);
    expect(await errorOf(response.clone())).toEqual({ status: 400, code: 'invalid_value', param });
    expect(await response.text()).toContain(known);
  });

  it('with a parameter sent twice is told so in plain words, and not that a string was expected', async () => {
    const refused = await api.request('/v1/ktp/batches?limit=5&limit=6');
    expect(await errorOf(refused.clone())).toEqual({ status: 400, code: 'invalid_value', param: 'limit' });
    expect(await refused.text()).toContain('Send this parameter once.');
  });

  it('is taken without what a loop left empty for its first page, but a flag has a value', async () => {
    expect((await api.request('/v1/ktp/batches?cursor=&limit=')).status).toBe(200);
    const refused = await api.request('/v1/ktp/batches/none/results?format=&bom=');
    expect(await errorOf(refused)).toEqual({ status: 400, code: 'invalid_value', param: 'bom' });
  });

  it('of a batch that is handed in says where options belong', async () => {
    const response = await api.request('/v1/ktp/batches?strategy=ocr', jsonRequest({ items: [{ image_url: 'x' }] }));
    expect(await errorOf(response)).toEqual({ status: 400, code: 'invalid_value', param: 'strategy' });
  });

  it('may hold what a page adds against caches, and on OpenAI’s routes whatever a client sends', async () => {
    for (const path of ['/v1/ktp/batches?_=1764140000000', '/v1/models?api-version=2024-06-01', '/v1/files?limt=5']) {
      expect((await api.request(path)).status, path).toBe(200);
    }
  });
});

describe('without Temporal', () => {
  it('an extraction is 503 with Retry-After, and leaves neither row nor image behind', async () => {
    const response = await api.request('/ktp-ocr/', { method: 'POST', body: imageForm(await specimen()) });
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    expect(await api.context.database.extraction.count()).toBe(0);
    const left = [];
    for await (const blob of api.context.blobs.listOlderThan(new Date(Date.now() + 60_000))) left.push(blob);
    expect(left).toEqual([]);
  });

  it('/livez lives, /readyz says in time what is missing, /health is 200 and agrees', async () => {
    expect(await (await api.request('/livez')).json()).toEqual({ ok: true });
    const startedAt = performance.now();
    const ready = await api.request('/readyz');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(ready.headers.get('retry-after')).not.toBeNull();
    expect(await errorOf(ready)).toMatchObject({ status: 503, code: 'temporal_unavailable' });
    const health = await api.request('/health');
    expect([health.status, await health.json()]).toMatchObject([
      200,
      {
        ok: false,
        modelReady: false,
        temporal: { connected: false },
        database: { connected: true },
        storage: { writable: true },
      },
    ]);
  });
});

describe('logs', () => {
  it('hold route templates and never what a caller chose', async () => {
    await api.request(`/v1/ktp/extractions/${NIK}?q=${NIK}`, { headers: { 'x-request-id': NIK, 'user-agent': NIK } });
    await api.request(`/${NIK}`, bearer(NIK));
    await api.request('/v1/ktp/extractions', jsonRequest({ image_url: `https://${NIK}.invalid/${NIK}` }));
    const logs = api.logs.join('');
    expect(logs).toContain('"route":"/v1/ktp/extractions/:id"');
    expect(logs).toContain('"route":"unmatched"');
    expect(logs).not.toContain(NIK);
  });

  it('are counted by template at /metrics', async () => {
    const metrics = await (await api.request('/metrics')).text();
    expect(metrics).toMatch(/ktpflow_http_requests_total\{method="GET",route="\/livez",status="200"\} \d/);
    expect(metrics).not.toContain(NIK);
  });
});

describe('without a database', () => {
  beforeAll(() => api.stopDatabase());

  it('is 503 with Retry-After, never 500, and /health goes on', async () => {
    for (const init of [{}, { method: 'DELETE' }, bearer('some-key-0000')]) {
      const response = await api.request('/v1/ktp/extractions/ext_1', init);
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await errorOf(response)).toMatchObject({ status: 503, code: 'database_unavailable' });
    }
    // What was found a moment ago may be told once more.
    await expect
      .poll(async () => jsonOf(await api.request('/health')))
      .toMatchObject({ ok: false, database: { connected: false } });
  });
});
