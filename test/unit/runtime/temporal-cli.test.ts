import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  explicitTemporalCli,
  isRecentEnough,
  temporalCliAsset,
  temporalCliOnPath,
} from '../../../src/runtime/assets/temporal-cli.ts';

const path = process.env.PATH;
let folder: string;
const told: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-'));
  told.length = 0;
  process.env.PATH = `${folder}:/usr/bin:/bin`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

function install(script: string): string {
  const file = join(folder, 'temporal');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('a temporal on the PATH', () => {
  it('is used when its minor version is at least the pinned one', async () => {
    const file = install('echo "temporal version 1.9.0 (Server 1.32.0, UI 2.0.0)"');
    expect(await temporalCliOnPath((text) => told.push(text))).toBe(file);
    expect(['1.8.0', '1.8.9', '1.10.0'].map(isRecentEnough)).toEqual([true, true, true]);
    expect(['1.7.9', '0.13.1', '2.0.0'].map(isRecentEnough)).toEqual([false, false, false]);
  });

  it.each([
    ['is too old', 'echo "temporal version 1.2.0 (Server 1.26.2, UI 2.34.0)"', 'the temporal on the PATH is 1.2.0'],
    ['is broken', 'exit 3', 'does not tell its version'],
  ])('is passed over with a word about it when it %s', async (_case, script, word) => {
    install(script);
    expect(await temporalCliOnPath((text) => told.push(text))).toBeNull();
    expect(told.join()).toContain(word);
  });
});

describe('TEMPORAL_CLI_PATH', () => {
  it('is used as it is, and refused when nothing can be run there', async () => {
    const file = install('exit 0');
    expect(await explicitTemporalCli(file)).toBe(file);
    await expect(explicitTemporalCli(join(folder, 'nothing'))).rejects.toThrow('TEMPORAL_CLI_PATH');
  });
});

describe('the pinned CLI', () => {
  it('has a build for every platform that we name, and says what else to do for the others', () => {
    for (const platform of ['linux x64', 'linux arm64', 'darwin x64', 'darwin arm64']) {
      expect(temporalCliAsset(platform).sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(() => temporalCliAsset('win32 x64')).toThrow('set TEMPORAL_CLI_PATH to one, or TEMPORAL_ADDRESS');
  });
});
