import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { FormData } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { type BatchOptions, batchBodyOf, withoutChanged } from '../../../src/cli/sources/batch-body.ts';
import { type BatchSource, readSource } from '../../../src/cli/sources/batch-source.ts';
import { decodeText } from '../../../src/cli/sources/decode-text.ts';
import { readFolder } from '../../../src/cli/sources/folder.ts';
import { readManifest } from '../../../src/cli/sources/manifest.ts';
import { parseTable, TableError } from '../../../src/cli/sources/parse-table.ts';
import { makeZip } from '../../support/zip.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer = PNG): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function namesOf({ content }: BatchSource): string[] {
  return content.kind === 'images' ? content.images.map(({ name }) => name) : [content.kind];
}

async function formOf({ content }: BatchSource, options: BatchOptions = {}): Promise<FormData> {
  return (await batchBodyOf(content, { options })).body as FormData;
}

describe('a folder', () => {
  it('is read in natural order, deep, without junk and links', async () => {
    for (const name of ['10.jpg', '2.jpg', 'sub/b.jpg', 'sub/a.jpg', '.DS_Store', 'Thumbs.db', '__MACOSX/2.jpg'])
      write(name);
    symlinkSync('/etc/hostname', join(folder, 'link.jpg'));
    const { files, junk, links } = await readFolder(folder);
    expect(files.map(({ name }) => name)).toEqual(['2.jpg', '10.jpg', 'sub/a.jpg', 'sub/b.jpg']);
    expect({ junk, links }).toEqual({ junk: 3, links: ['link.jpg'] });
  });

  it('says what it leaves out: links, texts, Office files; and sends whatever might be a card', async () => {
    for (const name of ['1.jpg', 'unknown', 'card.pdf', 'desktop.ini']) write(name);
    write('broken.jpg', 'no picture');
    write('notes.txt', 'two cards are missing');
    write('list.xlsx', makeZip([{ name: '[Content_Types].xml' }]));
    symlinkSync(join(folder, '1.jpg'), join(folder, 'link.jpg'));
    const source = await readSource(folder);
    expect(namesOf(source)).toEqual(['1.jpg', 'broken.jpg', 'card.pdf', 'unknown']);
    expect(source.remarks.join('\n')).toMatch(
      /1 of the system.*\n.*link.jpg: links.*\n.*list.xlsx, notes.txt: no pictures/,
    );
    expect(source.problems).toEqual([]);
  });

  it('leaves out films, sounds and notes of a phone, and files that are not finished', async () => {
    for (const name of ['VID_1.mp4', 'note.opus', '2.jpg.filepart']) write(name, 'x\0');
    write('1.jpg');
    write('IMG_1.aae', '<?xml version="1.0"?>');
    write('sums.md5', 'd41d8cd98f00b204e9800998ecf8427e  1.jpg');
    // A picture under the name of a film is one.
    write('odd.mov');
    const source = await readSource(folder);
    expect(namesOf(source)).toEqual(['1.jpg', 'odd.mov']);
    expect(source.remarks.join('\n')).toMatch(/IMG_1.aae, note.opus, sums.md5, VID_1.mp4: no pictures/);
  });

  it('is not refused for one file of gigabytes, which is named', async () => {
    write('a.jpg');
    write('disk.img');
    truncateSync(join(folder, 'disk.img'), 5 * 1024 ** 3);
    const source = await readSource(folder);
    expect(namesOf(source)).toEqual(['a.jpg']);
    expect(source.problems).toEqual(['disk.img is far too large for a card']);
  });

  it('leaves out the results that are written into it, and their draft', async () => {
    for (const name of ['1.jpg', 'results.csv', 'results.csv.part']) write(name);
    const source = await readSource(folder, new Set([join(folder, 'results.csv'), join(folder, 'results.csv.part')]));
    expect(namesOf(source)).toEqual(['1.jpg']);
  });

  it('takes a name that is no UTF-8', async () => {
    write('a.jpg');
    const odd = Buffer.concat([Buffer.from(`${folder}/D`), Buffer.from([0xe9]), Buffer.from('sa.jpg')]);
    renameSync(join(folder, 'a.jpg'), odd);
    const source = await readSource(folder);
    expect(namesOf(source)).toEqual(['Désa.jpg']);
    expect(await (await formOf(source)).getAll('images').length).toBe(1);
  });

  it('is sent without the files that changed meanwhile', async () => {
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) write(name);
    const { content } = await readSource(folder);
    write('2.jpg', Buffer.concat([PNG, PNG]));
    rmSync(join(folder, '3.jpg'));
    const { changed, left } = await withoutChanged(content);
    expect(changed).toEqual(['2.jpg', '3.jpg']);
    expect(left).toMatchObject({ images: [{ name: '1.jpg' }] });
  });

  it('that is one picture, of which only the first bytes came, is no list', async () => {
    expect(namesOf(await readSource(write('cut.png', PNG)))).toEqual(['cut.png']);
  });

  it('without any card is a usage error that says what lies there', async () => {
    await expect(readSource(folder)).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(readSource(join(folder, 'nothing'))).rejects.toThrow(/nothing is not there/);
    symlinkSync('/etc/hostname', join(folder, 'link.jpg'));
    await expect(readSource(folder)).rejects.toThrow(/holds no pictures\n {2}left out: link.jpg: links/);
  });
});

describe('a list', () => {
  const listOf = async (content: string | Buffer, name = 'list.csv') => {
    const text = decodeText(Buffer.from(content));
    return readManifest(join(folder, name), text ?? '');
  };

  it('names files beside it or URLs, custom ids and metadata', async () => {
    const { rows } = await listOf(
      '\uFEFFFile;custom_id;Branch\r\na.jpg;1;"North; ""old"""\r\n\r\nhttps://a.example/b.jpg;;\r\n',
    );
    expect(rows).toEqual([
      { source: join(folder, 'a.jpg'), name: 'a.jpg', customId: '1', metadata: { branch: 'North; "old"' } },
      { source: 'https://a.example/b.jpg', name: 'https://a.example/b.jpg', customId: null, metadata: null },
    ]);
  });

  const utf16 = (text: string, mark: string) => Buffer.from(mark + text, 'utf16le');
  it.each<[string, string | Buffer]>([
    ['UTF-16 with tabs, as Excel saves "Unicode text"', utf16('file\tcustom_id\r\né.jpg\t7\r\n', '\uFEFF')],
    ['UTF-16 without a mark', utf16('file\tcustom_id\r\né.jpg\t7\r\n', '')],
    ['UTF-16 of the other order', utf16('file,custom_id\né.jpg,7', '\uFEFF').swap16()],
    ['the code page of Windows', Buffer.from('file;custom_id\r\né.jpg;7\r\n', 'latin1')],
    ["Excel's line with the separator", 'sep=;\r\nfile;custom_id\r\né.jpg;7\r\n'],
    ['a separator line behind a mark', '\uFEFF"sep=|"\nfile|custom_id\né.jpg|7\n'],
    ['tabs', 'file\tcustom_id\né.jpg\t7\n'],
    ['blanks around quoted cells', '"file" , "custom_id"\n"é.jpg" , "7"\n'],
    ['more semicolons than commas in a header with both', 'file;custom_id;a, b, c, d\né.jpg;7;\n'],
    ['lines that were each saved as one cell', '"file,custom_id"\n"é.jpg,7"\n'],
    ['line ends of old Macs', 'file,custom_id\ré.jpg,7\r'],
    ['a title and a date above', 'Daftar KTP;;\n26/11/2026;;\n\nfile;custom_id;\né.jpg;7;\n'],
    ['words of Indonesian', 'Nama Berkas;custom_id\né.jpg;7\n'],
    ['numbers kept as text by a formula', 'file;custom_id\n="é.jpg";="7"\n'],
    ['marks of writing direction', 'file;custom_id\n\u202aé.jpg\u200b;7\n'],
    [
      'a dash in the code page of Windows',
      Buffer.from('Daftar \x96 2026\r\nfile;custom_id\r\n\xe9.jpg;7\r\n', 'latin1'),
    ],
    ["DOS's mark of the end", 'file;custom_id\r\né.jpg;7\r\n\u001a'],
    ['zeros up to the end of a block', 'file;custom_id\r\né.jpg;7\r\n\u001a\0\0\0'],
    ['a blank without width in front', '\u200bfile;custom_id\né.jpg;7\n'],
    ['bent quotation marks', 'file;custom_id\n“é.jpg”;7\n'],
    ['blank rows and columns at the end', 'file;custom_id;;\né.jpg;7;;\n;;;\n ;\n'],
  ])('is read with %s', async (_what, content) => {
    const { problems, rows } = await listOf(content);
    expect(rows).toMatchObject([{ name: 'é.jpg', customId: '7', metadata: null }]);
    expect(problems).toEqual([]);
  });

  it('finds files under the paths of Windows, and of one column with commas in them', async () => {
    write('sub/b.jpg');
    write('a, b.jpg');
    const { rows } = await listOf('file\nsub\\b.jpg\na, b.jpg\n"""sub\\b.jpg"""\n');
    expect(rows.map(({ name }) => name)).toEqual(['sub/b.jpg', 'a, b.jpg', 'sub/b.jpg']);
    expect(rows[0]?.source).toBe(join(folder, 'sub', 'b.jpg'));
  });

  it('finds files by other capitals, and by the end of a path of the machine where it was made', async () => {
    for (const name of ['Desa/A.JPG', 'b.jpg', 'x/c.jpg', 'X/c.jpg']) write(name);
    const paths = ['desa\\a.jpg', 'D:\\Scan\\Desa\\a.jpg', '\\\\server\\kelurahan\\B.jpg', 'Z:/c.jpg', '/b.jpg'];
    const { rows } = await listOf(`file\n${paths.join('\n')}\n`);
    expect(rows.map(({ name }) => name)).toEqual(['Desa/A.JPG', 'Desa/A.JPG', 'b.jpg', 'Z:/c.jpg', '/b.jpg']);
    expect(rows[0]?.source).toBe(join(folder, 'Desa', 'A.JPG'));
  });

  it.each(['x/C.jpg', 'foto/c.jpg'])('does not guess which file is meant by %s', async (name) => {
    for (const there of ['x/c.jpg', 'x/c.JPG']) write(there);
    expect((await listOf(`file\n${name}\n`)).rows[0]?.source).toBe(join(folder, name));
  });

  it('says the line of a row below a title', async () => {
    const { problems, rows } = await listOf('Daftar KTP\n\nfile,custom_id\na.jpg,1\n,2\n');
    expect(rows).toHaveLength(1);
    expect(problems).toEqual(['line 5 of the list names no file']);
  });

  it('takes the column that is meant where several could be', async () => {
    const { rows } = await listOf('link,file\nhttps://a.example/,a.jpg\n');
    expect(rows[0]).toMatchObject({ name: 'a.jpg', metadata: { link: 'https://a.example/' } });
  });

  it('takes the file from the column that is filled in a row, and loses none of two columns of one name', async () => {
    const { problems, rows } = await listOf('file,url,note,note\n,https://a.example/b.jpg,x,y\n');
    expect(problems).toEqual([]);
    expect(rows).toMatchObject([{ source: 'https://a.example/b.jpg', metadata: { note: 'x', note_2: 'y' } }]);
    expect(rows[0]?.metadata).not.toHaveProperty('url');
  });

  it('remarks on a custom id that several rows have', async () => {
    const { remarks } = await listOf('file,custom_id\na.jpg,1\nb.jpg,1\nc.jpg,2\n');
    expect(remarks).toEqual(['1 value of custom_id stands in several rows']);
  });

  it.each([
    ['JSON', '[{"file":"a.jpg"}]'],
    ['HTML or XML', '\n<table><tr><td>file</td></tr></table>'],
  ])('that is %s is called so', async (kind, content) => {
    await expect(listOf(content)).rejects.toThrow(`is ${kind}: a list is CSV or TSV`);
  });

  it('names every row and file that is missing, by its line, and goes on with the others', async () => {
    write('a.jpg');
    const list = write('list.csv', 'file,custom_id\n\n\na.jpg,1\n,2\nx.jpg,3\ny.jpg,4\n');
    const source = await readSource(list);
    expect(source.problems).toEqual(['line 5 of the list names no file', 'x.jpg is not there', 'y.jpg is not there']);
    expect((await formOf(source)).get('items')).toBe('[{"custom_id":"1","metadata":null}]');
  });

  it('names a row that the server would not take, instead of having all refused', async () => {
    const { problems, rows } = await listOf(
      `file,custom_id,note\na.jpg,${'1'.repeat(257)},\nb.jpg,2,${'n'.repeat(513)}\nc.jpg,3,\n`,
    );
    expect(problems).toEqual([
      'line 2 of the list: custom_id exceeds 256 characters',
      'line 3 of the list: note exceeds 512 characters',
    ]);
    expect(rows.map(({ name }) => name)).toEqual(['c.jpg']);
  });

  it('remarks on numbers that a spreadsheet program has rounded', async () => {
    for (const spoilt of ['3.17E15', '########', '#N/A', '3.171.234.567.890.120']) {
      const list = await listOf(`file;custom_id;nik\na.jpg;${spoilt};${spoilt}\nb.jpg;${spoilt};${spoilt}\n`);
      expect(list.remarks).toEqual([
        expect.stringContaining('2 values of custom_id'),
        expect.stringContaining('2 values of nik'),
      ]);
    }
    const { remarks, rows } = await listOf('file;custom_id\na.jpg;3,17123E+15\nb.jpg;3,17123E+15\n');
    expect(rows.map(({ customId }) => customId)).toEqual(['3,17123E+15', '3,17123E+15']);
    expect(remarks.join()).toMatch(/2 values of custom_id look like 3,17123E\+15/);
    const idsOf = (...ids: string[]) => listOf(`file,Custom ID\n${ids.map((id) => `a.jpg,${id}`).join('\n')}\n`);
    expect((await idsOf('9171010101900001', '9171010101900010', '9171010101900020')).remarks).toEqual([]);
    expect((await idsOf('9171010101900000', '9171010101900010', '9171010101900020')).remarks).toHaveLength(1);
  });

  it('becomes a form with labels, or JSON with URLs, never a mixture', async () => {
    write('a.jpg');
    const files = await readSource(write('files.csv', 'file,custom_id\na.jpg,7\n'));
    const form = await formOf(files, { strategy: 'ocr' });
    expect(form.get('items')).toBe('[{"custom_id":"7","metadata":null}]');
    expect(form.get('options')).toBe('{"strategy":"ocr"}');
    expect(form.getAll('images')).toHaveLength(1);
    const urls = await readSource(write('urls.csv', 'url\nhttps://a.example/b.jpg\n'));
    const { json } = await batchBodyOf(urls.content, { options: {} });
    expect(json).toMatchObject({ items: [{ image_url: 'https://a.example/b.jpg' }] });
    const mixed = write('mixed.csv', 'file\na.jpg\nhttps://a.example/b.jpg\n');
    await expect(readSource(mixed)).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it.each([
    ['no column of files', 'a,b\n1,2\n'],
    ['a row without a file', 'file,custom_id\n,1\n'],
    ['a file that is not there', 'file\nmissing.jpg\n'],
    ['a quotation mark that is never closed', 'file,custom_id\n"a.jpg,1\nb.jpg,2\n'],
  ])('with %s is a usage error', async (_what, content) => {
    await expect(readSource(write('bad.csv', content))).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});

describe('a table', () => {
  it('gives back any cells that were quoted', () => {
    const cell = fc.string().map((text) => text.replaceAll('\uFEFF', ''));
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 });
    fc.assert(
      fc.property(rows, fc.constantFrom(',', ';', '\t', '|'), (cells, separator) => {
        const lines = cells.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(separator));
        const table = parseTable(`${['"a"', '"b"'].join(separator)}\n${lines.join('\n')}`, () => false);
        const filled = cells.filter((row) => row.some((value) => value !== ''));
        expect(table.map((row) => row.cells)).toEqual([['a', 'b'], ...filled]);
      }),
    );
  });

  it('with a quotation mark that is never closed swallows no row: it says where', () => {
    const text = 'file,x\na,1\n"b,2\nc,3\n';
    expect(() => parseTable(text, () => false)).toThrow(TableError);
    expect(() => parseTable(text, () => false)).toThrow(/line 3/);
  });
});

describe('a single file', () => {
  it('is sent as an archive where it is a ZIP, whatever its name says', async () => {
    const zip = makeZip([{ name: 'a.jpg', data: PNG }]);
    for (const [name, bytes] of Object.entries({
      'cards.zip': zip,
      'cards.bin': zip,
      'cards.exe': Buffer.concat([Buffer.alloc(5000, 'MZ'), zip]),
    })) {
      expect((await formOf(await readSource(write(name, bytes)))).has('archive')).toBe(true);
    }
  });

  it.each<[string, string, Buffer | string, RegExp]>([
    ['a tarball', 'cards.tar.gz', gzipSync('a'), /cards.tar.gz is a gzip archive.*Unpack it/],
    ['a RAR archive', 'cards.rar', Buffer.from('526172211a0700', 'hex'), /RAR/],
    [
      'an Excel workbook',
      'list.xlsx',
      makeZip([{ name: '[Content_Types].xml' }, { name: 'xl/workbook.xml' }]),
      /Excel.*CSV/,
    ],
    ['an old workbook', 'list.xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /Office.*CSV/],
    ['empty', 'a.jpg', '', /is empty/],
    ['a text', 'notes.md', 'nothing', /no column/],
  ])('that is %s is called what it is', async (_what, name, bytes, message) => {
    const failure = readSource(write(name, bytes));
    await expect(failure).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(failure).rejects.toThrow(message);
  });

  it.each(['list.tsv', 'daftar.txt', 'list'])('with rows of a table is a list, also as %s', async (name) => {
    write('a.jpg');
    expect((await formOf(await readSource(write(name, 'file\tcustom_id\na.jpg\t1\n')))).has('items')).toBe(true);
  });

  it('that is a pipe is refused, and not waited for', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
    await expect(readSource(join(folder, 'pipe'))).rejects.toThrow(/is not a file/);
  });
});
