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
    ['ALLOW_ANONYMOUS', 'True', true],
    ['LOG_LEVEL', 'WARN', 'warn'],
    ['RETENTION_DAYS', '0.5', 0.5],
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

  it.each([
    // Twenty to JavaScript, twenty thousand to who wrote it.
    ['MAX_BATCH_ITEMS', '20.000', 'must be a whole number of 1 to 1000000, in digits alone'],
    ['PORT', '0x10', 'must be a whole number of 0 to 65535, in digits alone'],
    ['MAX_UPLOAD_MB', '2GB', 'must be a whole number of 1 or more, in digits alone'],
    ['TEMPERATURE', '0,7', 'must be a number of 0 or more, at most 2, with a point for decimals'],
    ['RETENTION_DAYS', '0', 'must be a number above 0, at most 3650, with a point for decimals'],
    ['DATABASE_URL', 'localhost:5432', 'must begin with postgresql://'],
    ['BLOB_URL', 's3://', 'must begin with file:// or s3://bucket'],
    ['VLM_BASE_URL', 'localhost:8000', 'must begin with http:// or https://'],
    ['TEMPORAL_ADDRESS', 'http://temporal:7233', 'must be host:port, without http://'],
  ])('says of %s=%s what is allowed', (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(`bad configuration: ${name}: ${message}`);
  });

  it('reads keys with their scopes, and the key as its own tenant where none is named', () => {
    const { API_KEYS } = readConfig({ API_KEYS: 'key-number-1:chat+extract, key-number-2:admin:clinic' });
    expect(API_KEYS).toEqual([
      { key: 'key-number-1', scopes: ['chat', 'extract'], tenant: null },
      { key: 'key-number-2', scopes: ['admin'], tenant: 'clinic' },
    ]);
  });
});
