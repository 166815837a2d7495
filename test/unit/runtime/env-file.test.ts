import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { applyEnvFile, isOwnFolder } from '../../../src/runtime/environment/apply-env-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-env-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The environment after a .env file was applied to one. */
function applied(content: string | Buffer, environment: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  writeFileSync(join(folder, '.env'), content);
  const result = { ...environment };
  applyEnvFile(folder, result);
  return result;
}

describe('a .env file', () => {
  it.each([
    ['PORT=3105', '3105'],
    ['\uFEFFPORT=3105', '3105'],
    ['# ours\r\nPORT=3105\r\nHOST=::1\r\n', '3105'],
    ['export PORT=3105', '3105'],
    ['PORT: 3105', '3105'],
    ['a line of no variable\nPORT=3105', '3105'],
    ['PORT="3105"', '3105'],
    ["PORT='3105' # the second one", '3105'],
    ['PORT = 3105', '3105'],
    [Buffer.from('\uFEFFPORT=3105\r\n', 'utf16le'), '3105'],
    ['PORT=', undefined],
  ])('is read as it is written: %j', (content, port) => {
    expect(applied(content).PORT).toBe(port);
  });

  it('gives way to the environment, but not to an empty variable', () => {
    expect(applied('PORT=3105\nHOST=::1', { PORT: '4000', HOST: '' })).toMatchObject({ PORT: '4000', HOST: '::1' });
  });

  it('leaves plain values for child processes, and other variables alone', () => {
    const environment = applied('HTTPS_PROXY=http://proxy:3128', {
      KTPFLOW_HOME: '"./data"\r',
      LOG_LEVEL: '',
      OTHER: '',
    });
    expect(environment).toEqual({ HTTPS_PROXY: 'http://proxy:3128', KTPFLOW_HOME: './data', OTHER: '' });
  });

  it.each(['HOST="::1\nPORT=3105\n', 'HOST="::1\nPORT="3105"\n'])(
    'with a quote that is not closed is refused: %j',
    (content) => {
      const environment = applied(content);
      expect(() => readConfig(environment)).toThrow(/HOST: holds a line break/);
    },
  );

  it('may be missing, or be the folder of a Python', () => {
    mkdirSync(join(folder, '.env'));
    const environment = {};
    applyEnvFile(folder, environment);
    applyEnvFile(join(folder, 'nowhere'), environment);
    expect(environment).toEqual({});
  });

  it('is ours beside our data and in the installation, nowhere else: a foreign DATABASE_URL is never taken', () => {
    expect(isOwnFolder(folder)).toBe(false);
    mkdirSync(join(folder, '.ktpflow'));
    expect(isOwnFolder(folder)).toBe(true);
    expect(isOwnFolder(fileURLToPath(new URL('../../..', import.meta.url)))).toBe(true);
  });
});
