import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import excel from 'exceljs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { writeCsv } from '../../../src/batch/results/csv.ts';
import { writeJson, writeNdjson } from '../../../src/batch/results/json.ts';
import { harmlessText, type ResultRow, TABLE_HEADER } from '../../../src/batch/results/result-row.ts';
import { columnName, writeXlsx } from '../../../src/batch/results/xlsx.ts';
import type { CompatibleCard, KtpResult } from '../../../src/ktp/schema.ts';

const card: CompatibleCard = {
  nik: '9171010101900001',
  nama: 'SPESIMEN',
  tempat_lahir: 'JAYAPURA',
  tgl_lahir: '01-01-1990',
  jenis_kelamin: 'LAKI-LAKI',
  gol_darah: '-',
  alamat: { name: 'JL. "MAWAR", NO. 1', rt_rw: '001/002', kel_desa: 'A', kecamatan: 'B' },
  agama: 'ISLAM',
  status_perkawinan: 'KAWIN',
  pekerjaan: 'WIRASWASTA',
  kewarganegaraan: 'WNI',
  berlaku_hingga: 'SEUMUR HIDUP',
  provinsi: 'PAPUA',
  kabupaten_kota: 'KOTA JAYAPURA',
};

function succeeded(index: number, over: Partial<ResultRow> = {}): ResultRow {
  const result = { document: 'ktp', compat: card } as unknown as KtpResult;
  return { index, custom_id: `c${index}`, name: `${index}.jpg`, status: 'succeeded', result, error: null, ...over };
}

const failed: ResultRow = {
  index: 1,
  custom_id: null,
  name: '=HYPERLINK("http://example.com")',
  status: 'failed',
  result: null,
  error: { code: 'not_a_ktp', message: 'No KTP was found in the image.', retryable: false },
};

async function* rowsOf(...rows: ResultRow[]) {
  yield* rows;
}

async function sheetOf(bytes: Buffer): Promise<string> {
  const zip = await yauzl.fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName === 'xl/worksheets/sheet1.xml') return text(await zip.openReadStreamPromise(entry));
  }
  return '';
}

const bytesOf = (source: AsyncIterable<Buffer>) => buffer(Readable.from(source));
const csv = (byteOrderMark: boolean, ...rows: ResultRow[]) =>
  text(Readable.from(writeCsv(rowsOf(...rows), { byteOrderMark, guardDigits: false, separator: ',' })));

describe('CSV', () => {
  it('has a header, quotes texts, keeps the NIK whole and shows why an item failed', async () => {
    const [header, first, second] = (await csv(false, succeeded(0), failed)).split('\r\n');
    expect(header).toBe(TABLE_HEADER.join(','));
    expect(header?.startsWith('index,custom_id,name,status,error_code,nik,nama,')).toBe(true);
    expect(first).toContain('0,"c0","0.jpg","succeeded",,"9171010101900001","SPESIMEN"');
    expect(first).toContain('"-","JL. ""MAWAR"", NO. 1","001/002"');
    expect(second).toBe(
      `1,,"'=HYPERLINK(""http://example.com"")","failed","not_a_ktp"${','.repeat(18)}"No KTP was found in the image."`,
    );
  });

  it('guards what begins with a digit, where a spreadsheet program opens it by itself', async () => {
    const guarded = writeCsv(rowsOf(succeeded(0)), {
      byteOrderMark: true,
      guardDigits: true,
      separator: ';',
    });
    const [header, row] = (await text(Readable.from(guarded))).split('\r\n');
    expect(header).toBe(`\uFEFF${TABLE_HEADER.join(';')}`);
    expect(row).toContain('0;"c0";"\t0.jpg";"succeeded";;"\t9171010101900001";"SPESIMEN"');
    expect(row).toContain('"\t001/002"');
  });

  it('begins with the byte order mark only where it was asked for', async () => {
    expect((await csv(true)).charCodeAt(0)).toBe(0xfeff);
    expect((await csv(false)).charCodeAt(0)).not.toBe(0xfeff);
  });
});

describe('text for spreadsheets', () => {
  it.each(['=1+1', '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uFF1D1', '\u0001=1', '\ttext'])(
    'neutralises %j',
    (formula) => expect(harmlessText(formula)).toMatch(/^'/),
  );

  it.each(['-', '', 'JL. A+B', "O'NEIL", 'a=b', '3171010101900001', 'a\nb'])('leaves %j as it is', (plain) =>
    expect(harmlessText(plain)).toBe(plain),
  );

  it('never begins like a formula, and holds nothing that XML cannot', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        const harmless = harmlessText(any);
        expect(harmless).not.toMatch(/^[=+@\t\r]./);
        expect([...harmless].filter((character) => character < ' ' && !'\t\n\r'.includes(character))).toEqual([]);
      }),
    );
  });
});

describe('XLSX', () => {
  it('keeps the NIK as text under a frozen header', async () => {
    const workbook = new excel.Workbook();
    const bytes = await bytesOf(writeXlsx(rowsOf(succeeded(0), failed), 2));
    await workbook.xlsx.load(bytes as unknown as Parameters<typeof workbook.xlsx.load>[0]);
    const sheet = workbook.worksheets[0];
    expect(sheet?.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
    expect(sheet?.getRow(1).values).toEqual([undefined, ...TABLE_HEADER]);
    const nik = sheet?.getCell('F2');
    expect(nik).toMatchObject({ value: '9171010101900001', numFmt: '@' });
    expect(nik?.type).toBe(excel.ValueType.String);
    expect(sheet?.getCell('A3').value).toBe(1);
    expect(sheet?.getCell('C3').value).toBe(`'=HYPERLINK("http://example.com")`);
    expect(sheet?.getCell('E3').value).toBe('not_a_ktp');
  });

  it('says how large it is before its first row, for readers that stream', async () => {
    const bytes = await bytesOf(writeXlsx(rowsOf(succeeded(0), failed), 2));
    const sheet = (await sheetOf(bytes)).slice(0, 400);
    expect(sheet).toContain('<dimension ref="A1:W3"/><sheetViews>');
  });

  it.each([
    [0, 'A'],
    [25, 'Z'],
    [26, 'AA'],
    [51, 'AZ'],
    [52, 'BA'],
    [701, 'ZZ'],
    [702, 'AAA'],
  ])('calls column %i %s', (column, name) => expect(columnName(column)).toBe(name));

  it('is written while it is read, as fast as its reader is', async () => {
    let made = 0;
    const many = async function* () {
      for (; made < 20_000; made++) yield succeeded(made);
    };
    const output = writeXlsx(many(), 20_000);
    while (made === 0) await output.next();
    const before = made;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(made - before).toBeLessThan(2_000);
    for await (const _ of output);
    expect(made).toBe(20_000);
  });

  it('shows names as they are, whatever they hold', async () => {
    const name = ' <a>&amp;"]]>\r\nü𝄞 ';
    const workbook = new excel.Workbook();
    const bytes = await bytesOf(writeXlsx(rowsOf(succeeded(0, { name })), 1));
    await workbook.xlsx.load(bytes as unknown as Parameters<typeof workbook.xlsx.load>[0]);
    expect(workbook.worksheets[0]?.getCell('C2').value).toBe(name);
  });

  it('keeps a name that looks like the number of a character', async () => {
    const name = 'scan_x0041__x005F_x000d_1.jpg';
    const sheet = await sheetOf(await bytesOf(writeXlsx(rowsOf(succeeded(0, { name })), 1)));
    // Excel shows the character otherwise: scanA1.jpg.
    expect(sheet).toContain('>scan_x005F_x0041__x005F_x005F_x005F_x000d_1.jpg<');
  });

  it('breaks off when the rows fail, instead of ending as if it were whole', async () => {
    const broken = async function* () {
      yield succeeded(0);
      throw new Error('database gone');
    };
    await expect(bytesOf(writeXlsx(broken(), 1))).rejects.toThrow('database gone');
  });
});

describe('JSON', () => {
  it('is one object a line, or one list', async () => {
    const lines = (await text(Readable.from(writeNdjson(rowsOf(succeeded(0), failed))))).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).status)).toEqual(['succeeded', 'failed']);
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual([
      'index',
      'custom_id',
      'name',
      'status',
      'result',
      'error',
    ]);
    const list = JSON.parse(await text(Readable.from(writeJson(rowsOf(succeeded(0), failed)))));
    expect(list.data).toHaveLength(2);
    const empty = JSON.parse(await text(Readable.from(writeJson(rowsOf()))));
    expect(empty).toEqual({ object: 'list', data: [], has_more: false, next_cursor: null });
  });
});
