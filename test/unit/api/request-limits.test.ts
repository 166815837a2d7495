import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PATHS } from '../../../src/api/openapi/document.ts';
import { errorOf, jsonRequest, type LonelyApi, startLonelyApi } from '../../support/api.ts';

/** A schema's parts, as zod keeps them. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly items?: readonly z.core.$ZodType[];
  readonly rest?: z.core.$ZodType | null;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
  readonly checks?: readonly z.core.$ZodCheck[];
}

/** Paths of the lists in a schema that have no maximum, and how many lists there are. */
function findEndless(
  schema: z.core.$ZodType,
  path: string,
  seen = new Set<z.core.$ZodType>(),
): { endless: string[]; lists: number } {
  if (seen.has(schema)) return { endless: [], lists: 0 };
  seen.add(schema);
  const definition = schema._zod.def as unknown as Definition;
  const {
    element,
    in: from,
    innerType,
    items,
    keyType,
    left,
    options,
    out,
    rest,
    right,
    shape,
    valueType,
  } = definition;
  const inner: [string, z.core.$ZodType | null | undefined][] = [
    ...Object.entries(shape ?? {}),
    ...[...(options ?? []), ...(items ?? []), innerType, from, out, left, right, keyType].map(
      (part): [string, z.core.$ZodType | null | undefined] => ['', part],
    ),
    ['[]', element],
    ['[]', rest],
    ['{}', valueType],
  ];
  const found = inner.flatMap(([name, part]) =>
    part ? [findEndless(part, name === '' ? path : `${path}.${name}`, seen)] : [],
  );
  const isList = definition.type === 'array';
  const hasMaximum = definition.checks?.some((check) => check._zod.def.check === 'max_length') ?? false;
  return {
    endless: [...(isList && !hasMaximum ? [path] : []), ...found.flatMap(({ endless }) => endless)],
    lists: (isList ? 1 : 0) + found.reduce((sum, { lists }) => sum + lists, 0),
  };
}

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Schemas of requests: what routes say of their bodies, and what the files of request schemas export. */
async function requestSchemas(): Promise<[string, z.core.$ZodType][]> {
  const bodies = Object.entries(PATHS).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]): [string, z.core.$ZodType][] => {
      const content = (operation as { requestBody?: { content?: Record<string, { schema?: unknown }> } }).requestBody
        ?.content;
      return Object.entries(content ?? {}).flatMap(([type, { schema }]): [string, z.core.$ZodType][] =>
        schema instanceof z.ZodType ? [[`${method} ${path} ${type}`, schema]] : [],
      );
    }),
  );
  const files = await readdir(SOURCE, { recursive: true });
  const named = files.filter((file) => /^chat\/[^/]+\.ts$|^api\/.*\/(request-schema|options)\.ts$/.test(file));
  const exported = await Promise.all(
    named.map(async (file) => {
      const module = (await import(`${SOURCE}${file}`)) as Record<string, unknown>;
      return Object.entries(module).flatMap(([name, value]): [string, z.core.$ZodType][] =>
        value instanceof z.ZodType ? [[`${file} ${name}`, value]] : [],
      );
    }),
  );
  return [...bodies, ...exported.flat()];
}

describe('every list of every request', () => {
  it('has a maximum', async () => {
    const schemas = await requestSchemas();
    const found = schemas.map(([name, schema]) => findEndless(schema, name));
    expect(found.flatMap(({ endless }) => endless)).toEqual([]);
    // The walk sees them: messages, parts, calls, tools, stops, items of a batch, scopes, …
    expect(found.reduce((sum, { lists }) => sum + lists, 0)).toBeGreaterThan(20);
  });

  it('is missed where it has none', () => {
    const { endless } = findEndless(
      z.object({ a: z.array(z.array(z.string()).max(3)), b: z.array(z.string()).max(2).nullish() }),
      'x',
    );
    expect(endless).toEqual(['x.a']);
  });
});

describe('a request beyond all measure', () => {
  let api: LonelyApi;
  beforeAll(async () => {
    api = await startLonelyApi();
  });
  afterAll(() => api?.close());

  const complete = (body: unknown) => api.request('/v1/chat/completions', jsonRequest(body));
  const raw = (text: string) =>
    api.request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });

  it.each([
    ['100,000 messages', { messages: Array(100_000).fill({ role: 'user', content: 'a' }) }, 'messages'],
    [
      '100,000 parts',
      { messages: [{ role: 'user', content: Array(100_000).fill({ type: 'text', text: 'a' }) }] },
      'messages[0].content',
    ],
    [
      '100,000 tools',
      {
        messages: [{ role: 'user', content: 'a' }],
        tools: Array(100_000).fill({ type: 'function', function: { name: 'f' } }),
      },
      'tools',
    ],
  ])('is refused within a second: %s', async (_name, rest, param) => {
    await complete({ model: 'none', messages: [{ role: 'user', content: 'a' }] });
    // Of the processor: others may use it too while this runs.
    const begun = process.cpuUsage();
    expect(await errorOf(await complete({ model: 'ktp-ocr', ...rest }))).toEqual({
      status: 400,
      code: 'invalid_value',
      param,
    });
    const { system, user } = process.cpuUsage(begun);
    expect((user + system) / 1000).toBeLessThan(1_000);
  });

  it('is refused where it is nested too deeply, also in a field that is ignored', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const answer = await raw(`{"model":"none","messages":[{"role":"user","content":"a"}],"ignored":${deep}}`);
    expect(await errorOf(answer)).toMatchObject({ status: 400, code: 'invalid_value' });
    expect((await api.request('/livez')).status).toBe(200);
  });

  it('is a seed of more than 64 bits, to the last digit', async () => {
    const ask = async (seed: string) => {
      const answer = await raw(
        `{"model":"none","messages":[{"role":"user","content":"\\"seed\\": 99999999999999999999"}],"seed": ${seed}}`,
      );
      return (await errorOf(answer)).param;
    };
    for (const seed of ['9223372036854775807', '-9223372036854775808', '4611686018427387904', '5']) {
      expect(await ask(seed)).toBe('model');
    }
    for (const seed of ['9223372036854775808', '-9223372036854775809', '99999999999999999999']) {
      expect(await ask(seed)).toBe('seed');
    }
  });
});
