import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FormData } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError, EXIT } from '../../../src/cli/exit-codes.ts';
import { batchBodyOf } from '../../../src/cli/sources/batch-body.ts';
import { filesOf } from '../../../src/cli/sources/folder.ts';
import { readManifest } from '../../../src/cli/sources/manifest.ts';
import { parseCsv } from '../../../src/cli/sources/parse-csv.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer = 'x'): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('a folder', () => {
  it('is read in natural order, deep, without junk and links', async () => {
    for (const name of ['10.jpg', '2.jpg', 'sub/b.jpg', 'sub/a.jpg', '.DS_Store', 'Thumbs.db', '__MACOSX/2.jpg'])
      write(name);
    symlinkSync('/etc/hostname', join(folder, 'link.jpg'));
    expect((await filesOf(folder)).map(({ name }) => name)).toEqual(['2.jpg', '10.jpg', 'sub/a.jpg', 'sub/b.jpg']);
  });

  it('without any file is a usage error', async () => {
    await expect(batchBodyOf(folder, {})).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(batchBodyOf(join(folder, 'nothing'), {})).rejects.toThrow(CliError);
  });
});

describe('a CSV manifest', () => {
  it('names files beside it or URLs, custom ids and metadata', async () => {
    const path = write(
      'cards.csv',
      '\uFEFFFile;custom_id;Branch\r\na.jpg;1;"North; ""old"""\r\n\r\nhttps://a.example/b.jpg;;\r\n',
    );
    expect(await readManifest(path)).toEqual([
      { source: join(folder, 'a.jpg'), name: 'a.jpg', customId: '1', metadata: { branch: 'North; "old"' } },
      { source: 'https://a.example/b.jpg', name: 'https://a.example/b.jpg', customId: null, metadata: null },
    ]);
  });

  it('becomes a form with labels, or JSON with URLs, never a mixture', async () => {
    write('a.jpg');
    const files = await batchBodyOf(write('files.csv', 'file,custom_id\na.jpg,7\n'), { strategy: 'ocr' });
    const form = files.send.body as FormData;
    expect(form.get('items')).toBe('[{"custom_id":"7","metadata":null}]');
    expect(form.get('options')).toBe('{"strategy":"ocr"}');
    expect(form.getAll('images')).toHaveLength(1);
    const urls = await batchBodyOf(write('urls.csv', 'url\nhttps://a.example/b.jpg\n'), {});
    expect(urls.send.json).toMatchObject({ items: [{ image_url: 'https://a.example/b.jpg' }] });
    const mixed = write('mixed.csv', 'file\na.jpg\nhttps://a.example/b.jpg\n');
    await expect(batchBodyOf(mixed, {})).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it.each([
    ['no column of files', 'a,b\n1,2\n'],
    ['a row without a file', 'file,custom_id\n,1\n'],
    ['a file that is not there', 'file\nmissing.jpg\n'],
  ])('with %s is a usage error', async (_what, content) => {
    await expect(batchBodyOf(write('bad.csv', content), {})).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});

describe('CSV', () => {
  it('gives back any cells that were quoted', () => {
    const cell = fc.string().map((text) => text.replaceAll('\uFEFF', ''));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        const text = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')).join('\n');
        const header = '"a","b"\n';
        const filled = rows.filter((row) => row.some((value) => value !== ''));
        expect(parseCsv(header + text)).toEqual([['a', 'b'], ...filled]);
      }),
    );
  });
});

describe('a ZIP file', () => {
  it('is sent as an archive, whatever its name says', async () => {
    const zip = Buffer.from('504b0304', 'hex');
    for (const name of ['cards.zip', 'cards.bin']) {
      const { send } = await batchBodyOf(write(name, zip), {});
      expect((send.body as FormData).has('archive')).toBe(true);
    }
  });
});
