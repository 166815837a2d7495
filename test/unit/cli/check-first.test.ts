import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBackup } from '../../../src/cli/commands/backup.ts';
import { checkBatchOptions } from '../../../src/cli/commands/batch.ts';
import { checkCards } from '../../../src/cli/commands/extract.ts';
import { checkNewKey } from '../../../src/cli/commands/keys.ts';
import { connect } from '../../../src/cli/connect.ts';
import { createOutput } from '../../../src/cli/output.ts';
import { checkFolder, checkSource } from '../../../src/cli/sources/source-file.ts';
import { readConfig } from '../../../src/config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-check-'));
  writeFileSync(join(folder, 'card.jpg'), 'x');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const output = createOutput({ json: false, quiet: true });
const connecting = (url: string, key?: string) =>
  connect({ url, key, mayStart: 'never' }, output, new AbortController().signal);

describe('before a server is sought or started', () => {
  it('is said that there is nothing to read, and not where some can be read', async () => {
    const card = join(folder, 'card.jpg');
    const missing = join(folder, '*.jpg');
    await expect(checkCards([missing], output)).rejects.toThrow(/\*\.jpg is not there$/);
    await expect(checkCards([missing, folder], output)).rejects.toThrow(/is not there\n.+ktpflow batch reads folders$/);
    await checkCards([missing, card], output);
    await checkCards(['-'], output);
    await checkCards(['https://example.org/a.jpg', missing], output);
  });

  it('gets a script its line for each file', async () => {
    const printed: string[] = [];
    const json = { ...output, json: true, print: async (text: string) => void printed.push(text) };
    const missing = join(folder, 'missing.jpg');
    await expect(checkCards([missing, ''], json)).rejects.toThrow('missing.jpg is not there\n"" is not there');
    expect(printed.map((line) => JSON.parse(line))).toMatchObject([
      { file: missing, status: 'failed', error: { code: 'unreadable' } },
      { file: '', status: 'failed', error: { code: 'unreadable' } },
    ]);
  });

  it.skipIf(process.platform === 'win32')('takes what a shell makes of <(…), and stdin only once', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await checkCards([pipe], output);
    await expect(checkCards(['-', '-'], output)).rejects.toThrow('- is given twice');
  });

  it('is said that a batch is no stdin and no URL', () => {
    const batch = { out: undefined, format: undefined, spreadsheet: false, separator: undefined, force: false };
    const options = { ...batch, resume: undefined, detach: true, addTo: undefined, whole: { options: {} } };
    expect(() => checkBatchOptions('-', options)).toThrow(/^a batch is no stdin/);
    expect(() => checkBatchOptions('https://example.org/a.jpg', options)).toThrow(/^a batch is no URL/);
    checkBatchOptions('./-', options);
  });

  it('shows names as they are, but lets none control the terminal', async () => {
    await expect(checkSource('')).rejects.toThrow('"" is not there');
    await expect(checkSource('\u001B[2Jx')).rejects.toThrow('\uFFFD[2Jx is not there');
    // What Node.js makes of an argument in Latin-1.
    await expect(checkSource('caf\uFFFD')).rejects.toThrow(
      /has a name that is no UTF-8: give ktpflow batch its folder/,
    );
    await expect(checkCards(['caf\uFFFD.jpg'], output)).rejects.toThrow(/has a name that is no UTF-8/);
  });

  it('is said that a link leads to what is not there', async () => {
    const link = join(folder, 'link.jpg');
    symlinkSync('gone.jpg', link);
    await expect(checkSource(link)).rejects.toThrow(/link\.jpg is a link to what is not there$/);
    await expect(checkCards([link], output)).rejects.toThrow(/link\.jpg is a link to what is not there$/);
  });

  it('is said that a backup is no stdout', async () => {
    const config = readConfig({ KTPFLOW_HOME: folder });
    await expect(runBackup(config, '-', { isEncrypted: false }, output)).rejects.toThrow('a backup goes into a file');
  });

  it('is said that a source is a device or a pipe', async () => {
    await expect(checkSource('/dev/null')).rejects.toThrow('/dev/null is neither a file nor a folder');
    await expect(checkFolder(join(folder, 'card.jpg'))).rejects.toThrow(/card\.jpg is no folder$/);
    await checkFolder(folder);
  });

  it('is said what is wrong with a new key', () => {
    expect(() => checkNewKey({ scopes: 'extrct' })).toThrow(/^--scopes extrct: there are chat, extract, review, admin/);
    for (const expires of ['2030-02-30', '2030-13-01', '2030-04-31T00:00Z', 'tomorrow', '']) {
      expect(() => checkNewKey({ scopes: 'chat', expires }), expires).toThrow(
        /^--expires .*: give a date, as 2030-12-31/,
      );
    }
    expect(checkNewKey({ scopes: 'chat, extract+review', expires: '2032-02-29T00:00:00+07:00' })).toMatchObject({
      scopes: ['chat', 'extract', 'review'],
      expires_at: '2032-02-28T17:00:00.000Z',
    });
  });
});

describe('a server that is named', () => {
  it.each([
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
    ['http://127.0.0.1:3000/v1/', 'http://127.0.0.1:3000'],
    ['https://cards.example.org/ktp/v1?x=1#y', 'https://cards.example.org/ktp'],
    [' http://[::1]:3000\r', 'http://[::1]:3000'],
  ])('may be written as OpenAI’s clients and files write it: %j', async (given, url) => {
    const connection = await connecting(given);
    expect(connection.api.url).toBe(url);
    await connection.close();
  });

  it('is refused with a password in it, which is not said again', async () => {
    const refusal = await connecting('http://user:secret-word@127.0.0.1:9').catch((error: Error) => error.message);
    expect(refusal).toBe('--url holds a user or a password: give the key of the server with --api-key');
  });

  it('is not blamed for a key that no header can hold, which is not said again', async () => {
    for (const key of ['a\nb', 'a b', 'clé', 'a\u0000b']) {
      const refusal = await connecting('http://127.0.0.1:9', key).catch((error: Error) => error.message);
      expect(refusal).toBe('the key (--api-key, KTPFLOW_API_KEY) holds a character that no key has');
    }
    const connection = await connecting('"http://127.0.0.1:9"', "'some-key'\r\n");
    expect(connection.api.hasKey).toBe(true);
    await connection.close();
  });
});
