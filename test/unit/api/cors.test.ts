import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { errorOf, jsonRequest, type LonelyApi, startLonelyApi } from '../../support/api.ts';

const PAGE = 'https://app.example.org';
let api: LonelyApi;
let closed: LonelyApi;

beforeAll(async () => {
  [api, closed] = await Promise.all([
    startLonelyApi({ CORS_ORIGINS: `${PAGE}/, app://local`, API_KEYS: 'key-number-1:chat' }),
    startLonelyApi(),
  ]);
});
afterAll(async () => {
  await Promise.all([api?.close(), closed?.close()]);
});

const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type, x-stainless-lang',
  },
});

describe('a page of another origin', () => {
  it('may ask, send its key and read the answer where it is allowed to', async () => {
    const asked = await api.request('/v1/chat/completions', preflight(PAGE));
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    const refused = await api.request('/v1/chat/completions', { ...jsonRequest({}), headers: { origin: PAGE } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(refused.headers.get('access-control-expose-headers')).toContain('x-session-id');
    expect(refused.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(refused.headers.get('vary')).toMatch(/origin/i);
  });

  it('is told nothing where it is not', async () => {
    for (const [target, origin] of [
      [api, 'https://evil.example.org'],
      [closed, PAGE],
    ] as const) {
      const answer = await target.request('/v1/chat/completions', preflight(origin));
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-headers')).toBeNull();
    }
  });

  it('is named by its origin', () => {
    expect(readConfig({ CORS_ORIGINS: '*' }).CORS_ORIGINS).toEqual(['*']);
    for (const wrong of ['example.org', 'https://example.org/path', 'https://*.example.org']) {
      expect(() => readConfig({ CORS_ORIGINS: wrong })).toThrow('CORS_ORIGINS');
    }
  });
});

describe('a route that other servers have', () => {
  it.each([
    ['/v1/completions', 'POST', '/v1/chat/completions'],
    ['/v1/embeddings', 'POST', '/v1/chat/completions'],
    ['/v1/messages', 'POST', '/v1/chat/completions'],
    ['/v1/uploads', 'POST', '/v1/files'],
    ['/api/chat', 'POST', '/v1/chat/completions'],
    ['/api/tags', 'GET', '/v1/models'],
    ['/openai/deployments/x/chat/completions', 'POST', '/v1/chat/completions'],
    ['/api/v1/chat/completions', 'POST', '/v1/chat/completions'],
    ['/v1/chat/completions//', 'POST', '/v1/chat/completions'],
    ['/v1/chat/completions%0A', 'POST', '/v1/chat/completions'],
    ['/v1/chat%2Fcompletions', 'POST', '/v1/chat/completions'],
    ['/api/v1/models', 'GET', 'without a prefix'],
    ['/chat/completions', 'POST', '/v1'],
    ['/v1/v1/chat/completions', 'POST', 'twice'],
    ['/', 'GET', '/docs'],
  ])('is 404 and says what is here: %s', async (path, method, hint) => {
    const answer = await closed.request(path, { method });
    const body = (await answer.clone().json()) as { error: { message: string } };
    expect(await errorOf(answer)).toMatchObject({ status: 404, code: 'not_found' });
    expect(body.error.message).toContain(hint);
  });
});
