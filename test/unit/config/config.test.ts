import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError, environmentSchema, readConfig } from '../../../src/config.ts';

const example = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8');
const examples = Object.fromEntries(
  [...example.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

describe('.env.example', () => {
  it('names every variable of src/config.ts, and none besides', () => {
    expect(Object.keys(examples).sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('shows the defaults: copying it unchanged changes nothing', () => {
    expect(readConfig(examples)).toEqual(readConfig({}));
  });
});

describe('readConfig', () => {
  const names = Object.keys(environmentSchema.shape);

  it.each(['', '   ', '\r', '""', "''", '" "'])('takes %j for unset, for every variable', (value) => {
    for (const name of names) expect(readConfig({ [name]: value }), name).toEqual(readConfig({}));
  });

  it.each([
    ['HOST', '127.0.0.1\r', '127.0.0.1'],
    ['HOST', ' localhost ', 'localhost'],
    ['HOST', '[::1]', '::1'],
    ['PORT', '"3105"\r', 3105],
    ['KTPFLOW_HOME', '"./data"', './data'],
    ['KTPFLOW_HOME', "'./C# dev'", './C# dev'],
    ['KTPFLOW_HOME', '\uFEFF./data', './data'],
    ['VLM_BASE_URL', 'http://127.0.0.1:8000/v1\r\n', 'http://127.0.0.1:8000/v1'],
    ['VLM_API_KEY', 'a"b', 'a"b'],
    ['ALLOW_ANONYMOUS', 'true\r', true],
    ['ROLES', '"api, worker"', ['api', 'worker']],
  ] as const)('reads %s=%j as it was meant', (name, value, meant) => {
    expect(readConfig({ [name]: value })[name]).toEqual(meant);
  });

  it('stops at what a terminal would show garbled, and at half a quotation', () => {
    expect(() => readConfig({ HOST: '127.0.0.1\rx', KTPFLOW_HOME: '"./data', PORT: '1\n2' })).toThrow(
      'bad configuration: HOST, PORT, KTPFLOW_HOME: holds a line break, a control character, or one quote without',
    );
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['ROLES', 'api,cook'],
    ['API_KEYS', 'secret-key-1:extract+fly'],
    ['API_KEYS', 'short:extract'],
    // No header holds them as they are: nobody could ever show them.
    ['API_KEYS', 'secret key 1:extract'],
    ['API_KEYS', 'sécret-key-1:extract'],
    ['ENCRYPTION_KEYS', 'k:c2hvcnQ='],
    ['DATABASE_URL', 'mysql://localhost/db'],
    ['TEMPERATURE', '3'],
    ['WEBHOOK_SECRET', 'secret'],
    ['TRUST_PROXY', 'every-one'],
  ])('stops at a bad %s with one line that names it and not its value', (name, value) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(name);
    try {
      read();
    } catch (error) {
      expect(String(error)).not.toContain(value);
      expect(String(error)).not.toContain('\n');
    }
  });

  it('reads keys with their scopes, and the key as its own tenant where none is named', () => {
    const { API_KEYS } = readConfig({ API_KEYS: 'key-number-1:chat+extract, key-number-2:admin:clinic' });
    expect(API_KEYS).toEqual([
      { key: 'key-number-1', scopes: ['chat', 'extract'], tenant: null },
      { key: 'key-number-2', scopes: ['admin'], tenant: 'clinic' },
    ]);
  });
});
