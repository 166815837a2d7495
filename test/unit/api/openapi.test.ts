import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApp } from '../../../src/api/app.ts';
import { ktpResultSchema } from '../../../src/ktp/schema.ts';
import { jsonOf, startLonelyApi, type TestApi } from '../../support/api.ts';
import { declaredRoutes } from '../../support/declared-routes.ts';

interface Operation {
  readonly parameters?: readonly { readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

let api: TestApi;
beforeAll(async () => {
  api = await startLonelyApi();
});
afterAll(() => api?.close());

/** Routes that the document leaves out: the documentation itself and the pages of the console. */
const UNDOCUMENTED = /^(\/console|\/docs|\/openapi|\/schemas)/;

describe('the OpenAPI document', () => {
  it('is 3.1, and names every route that the application has', async () => {
    const document = await jsonOf<{ openapi: string; paths: object }>(await api.request('/openapi.json'));
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method} ${path.replace(/(.)\/$/, '$1')}`),
    );
    const missing = declaredRoutes(createApp(api.context)).filter(
      (route) => !UNDOCUMENTED.test(route.split(' ')[1] ?? '') && !documented.includes(route),
    );
    expect(missing).toEqual([]);
  });

  it('has a schema behind every reference', async () => {
    const text = await (await api.request('/openapi.json')).text();
    const document = JSON.parse(text);
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas, name).toHaveProperty(name);
    }
  });

  it('says of every request that holds something that it may be refused, and of a body that it may be too large', async () => {
    const { paths } = await jsonOf<{ paths: Record<string, Record<string, Operation>> }>(
      await api.request('/openapi.json'),
    );
    const silent: string[] = [];
    for (const [path, item] of Object.entries(paths)) {
      for (const [method, { parameters = [], requestBody, responses }] of Object.entries(item)) {
        const says = (status: string) => responses[status] !== undefined;
        const holdsSomething = requestBody !== undefined || parameters.some((parameter) => parameter.in === 'query');
        if (holdsSomething && !says('400')) silent.push(`${method} ${path}: 400`);
        if (requestBody !== undefined && !says('413')) silent.push(`${method} ${path}: 413`);
      }
    }
    expect(silent).toEqual([]);
  });

  it('tells a box as four numbers, and an event as what is read of it: many readers know neither tuples nor streams', async () => {
    const text = await (await api.request('/openapi.json')).text();
    expect(text).toContain('{"type":"array","items":{"type":"number"},"minItems":4,"maxItems":4}');
    const { paths } = JSON.parse(text);
    const events = paths['/v1/ktp/batches/{id}/events'].get.responses['200'].content['text/event-stream'].schema;
    expect(events.properties.data).toMatchObject({ type: 'string', contentMediaType: 'application/json' });
  });

  it('says the same in YAML', async () => {
    const response = await api.request('/openapi.yaml');
    expect(response.headers.get('content-type')).toContain('application/yaml');
    const yaml = await response.text();
    const json = await (await api.request('/openapi.json')).json();
    for (const version of ['1.2', '1.1'] as const) expect(parse(yaml, { version })).toEqual(json);
    expect(yaml).toMatch(/^openapi: 3\.1\.0\ninfo:\n {2}title: ktpflow\n/);
    expect(yaml).not.toMatch(/[&*]a\d/);
  });

  it('is shown by a page that loads nothing from elsewhere', async () => {
    const response = await api.request('/docs');
    const page = await response.text();
    expect(page).not.toMatch(/https?:/);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const [, path = ''] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      const asset = await api.request(path);
      expect(asset.status, path).toBe(200);
      expect((await asset.text()).length, path).toBeGreaterThan(10);
    }
    expect((await api.request('/docs/')).status).toBe(200);
    expect((await api.request('/docs/package.json')).status).toBe(404);
  });

  it('is accompanied by the JSON Schema of the result', async () => {
    const schema = await jsonOf<{ properties: object }>(await api.request('/schemas/ktp.json'));
    expect(Object.keys(schema.properties)).toEqual(Object.keys(ktpResultSchema.shape));
  });
});
