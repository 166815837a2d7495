import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRequest, startLonelyApi, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startLonelyApi();
});
afterAll(() => api?.close());

/** Nothing that a caller sends is an error of the server, and every refusal has the envelope. */
async function expectRefusal(path: string, init: RequestInit): Promise<void> {
  const response = await api.request(path, init);
  const text = await response.text();
  expect(response.status, text).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  expect(JSON.parse(text).error).toMatchObject({
    message: expect.any(String),
    type: expect.any(String),
    code: expect.any(String),
  });
}

const RUNS = { numRuns: 60 };

describe('random input', () => {
  it('as a JSON body is refused, whatever its shape', async () => {
    const known = fc.record(
      {
        image_base64: fc.jsonValue(),
        image_url: fc.oneof(fc.jsonValue(), fc.webUrl(), fc.constant('data:,'), fc.constant('data:;base64,AA=A')),
        options: fc.oneof(
          fc.jsonValue(),
          fc.record({ strategy: fc.jsonValue(), metadata: fc.jsonValue(), reference_id: fc.jsonValue() }),
        ),
        ['__proto__']: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    // Not resolved: a web URL of the generator would be asked for over the network.
    const local = known.filter(({ image_url }) => typeof image_url !== 'string' || !/^https?:/i.test(image_url));
    await fc.assert(
      fc.asyncProperty(fc.oneof(local, fc.jsonValue()), (body) =>
        expectRefusal('/v1/ktp/extractions', jsonRequest(body)),
      ),
      RUNS,
    );
  });

  it('as an admin body is refused or a key, never an error of the server', async () => {
    const body = fc.record(
      { scopes: fc.jsonValue(), tenant: fc.jsonValue(), name: fc.string(), expires_at: fc.jsonValue() },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(body, (value) => expectRefusal('/v1/admin/keys', jsonRequest(value))),
      RUNS,
    );
  });

  it('as bytes of any content type is refused', async () => {
    const types = [
      'application/json',
      'multipart/form-data; boundary=x',
      'multipart/form-data',
      'image/jpeg',
      'text/plain',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/ktp-ocr/', '/v1/ktp/extractions', '/v1/admin/keys'),
        fc.constantFrom(...types),
        fc.uint8Array({ maxLength: 2000 }),
        (path, type, bytes) => expectRefusal(path, { method: 'POST', headers: { 'content-type': type }, body: bytes }),
      ),
      RUNS,
    );
  });

  it('as a damaged form is refused', async () => {
    const whole = Buffer.from(
      '--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\nbytes\r\n--x\r\ncontent-disposition: form-data; name="options"\r\n\r\n{}\r\n--x--\r\n',
    );
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), (changes, length) => {
        const bytes = new Uint8Array(whole.subarray(0, length));
        for (const [index, value] of changes) if (index < bytes.length) bytes[index] = value;
        const headers = { 'content-type': 'multipart/form-data; boundary=x' };
        return expectRefusal('/v1/ktp/extractions', { method: 'POST', headers, body: bytes });
      }),
      RUNS,
    );
  });

  it('as a path or query is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), (path, query) =>
        expectRefusal(`/v1/ktp/extractions/x${path}?${query}`, {}),
      ),
      RUNS,
    );
  });

  it('as a place to resume a stream at is refused', async () => {
    const header = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
    await fc.assert(
      fc.asyncProperty(header, fc.webQueryParameters(), fc.boolean(), (id, query, resumes) => {
        const headers = { 'last-event-id': id };
        if (resumes)
          return expectRefusal(`/v1/chat/completions/some-session/stream?starting_after=${query}`, { headers });
        const body = { model: 'ktp-ocr', session_id: 'some-session', messages: [{ role: 'user', content: 'x' }] };
        const request = jsonRequest({ ...body, stream: true });
        return expectRefusal('/v1/chat/completions', { ...request, headers: { ...request.headers, ...headers } });
      }),
      RUNS,
    );
  });
});
