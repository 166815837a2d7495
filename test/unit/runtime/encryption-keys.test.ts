import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { loadOrCreateEncryptionKeys } from '../../../src/runtime/embedded/encryption-keys.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ktpflow-keys-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the key file of the embedded shape', () => {
  it('is made once, is readable by its owner only, and holds what ENCRYPTION_KEYS takes', async () => {
    const first = await loadOrCreateEncryptionKeys(home);
    const second = await loadOrCreateEncryptionKeys(home);
    expect(first.created).toBe(true);
    expect(second).toEqual({ ...first, created: false });
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
    expect(readConfig({ ENCRYPTION_KEYS: first.keys }).ENCRYPTION_KEYS[0]?.secret).toHaveLength(32);
  });

  it('is the same for all who make it at the same time', async () => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => loadOrCreateEncryptionKeys(home)));
    const keys = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.keys] : []));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toBe(readFileSync(join(home, 'keys', 'encryption-keys'), 'utf8').trim());
  });

  it('keeps rotated keys in their order, the first for writing', async () => {
    mkdirSync(join(home, 'keys'));
    writeFileSync(join(home, 'keys', 'encryption-keys'), 'new:AAAA\n\nold:BBBB\n');
    expect((await loadOrCreateEncryptionKeys(home)).keys).toBe('new:AAAA,old:BBBB');
  });

  it('is never replaced when it was emptied: a new key would lose the data without a word', async () => {
    mkdirSync(join(home, 'keys'));
    writeFileSync(join(home, 'keys', 'encryption-keys'), '\n');
    await expect(loadOrCreateEncryptionKeys(home)).rejects.toThrow('put it back from your backup');
  });
});
