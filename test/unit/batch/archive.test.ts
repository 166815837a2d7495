import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listArchiveEntries } from '../../../src/batch/archive/list-entries.ts';
import { readArchiveEntry } from '../../../src/batch/archive/read-entry.ts';
import { KtpflowError } from '../../../src/errors.ts';
import { makeZip, type ZipEntry } from '../../support/zip.ts';

const MB = 1024 * 1024;
const limits = { maxItems: 1000, maxEntryBytes: 15 * MB, maxTotalBytes: 100 * MB };
const picture = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251));

/** As tar wrote it before POSIX: a name, and the sum of the header's bytes. */
function oldTar(): Buffer {
  const header = Buffer.alloc(512);
  header.write('a.jpg');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function rangeOf(bytes: Buffer) {
  return { size: bytes.length, read: async (start: number, length: number) => bytes.subarray(start, start + length) };
}

async function listed(entries: readonly ZipEntry[], over: Partial<typeof limits> = {}, zip64 = false) {
  const archive = rangeOf(makeZip(entries, { zip64 }));
  return { archive, ...(await listArchiveEntries(archive, { ...limits, ...over })) };
}

async function refusals(entries: readonly ZipEntry[], over: Partial<typeof limits> = {}) {
  return (await listed(entries, over)).entries.map((entry) => entry.refusal?.code ?? null);
}

async function contentOf(entries: readonly ZipEntry[], zip64 = false): Promise<Buffer> {
  const { archive, entries: found } = await listed(entries, {}, zip64);
  const place = found[0]?.place;
  if (!place) throw new Error('refused');
  return readArchiveEntry(archive, place);
}

describe('an archive', () => {
  it('keeps the order of its entries and names, in nested folders too', async () => {
    const { entries, skipped } = await listed([
      { name: 'b.jpg', data: picture },
      { name: 'folder/' },
      { name: 'folder/sub/a.jpg', data: picture },
      { name: 'ä ünï.jpg', data: picture },
    ]);
    expect(entries.map((entry) => entry.name)).toEqual(['b.jpg', 'folder/sub/a.jpg', 'ä ünï.jpg']);
    expect(skipped).toBe(1);
  });

  it('leaves out what systems put beside the files, and counts it', async () => {
    const names = ['__MACOSX/._a.jpg', 'x/__MACOSX/b.jpg', 'Thumbs.db', 'x/thumbs.db', '.DS_Store', '.git/a.jpg', './'];
    const { entries, skipped } = await listed([...names, './a.jpg'].map((name) => ({ name, data: picture })));
    expect(skipped).toBe(names.length);
    expect(entries.map((entry) => entry.name)).toEqual(['./a.jpg']);
  });

  it('leaves out what Windows, network storage, Office and browsers put beside the files', async () => {
    const junk = [
      'desktop.ini',
      'x/ehthumbs.db',
      '$RECYCLE.BIN/1.jpg',
      'Icon\r',
      '~$list.docx',
      '@eaDir/a/t.jpg',
      '@__thumb/a.jpg',
    ];
    const unfinished = [
      'System Volume Information/a',
      '#recycle/1.jpg',
      'a.jpg.part',
      'b.jpg.crdownload',
      'c.lnk',
      'd.jpg~',
    ];
    const names = [...junk, ...unfinished];
    const { entries, skipped } = await listed(
      [...names, 'Icon.jpg', 'part.jpg'].map((name) => ({ name, data: picture })),
    );
    expect(skipped).toBe(names.length);
    expect(entries.map((entry) => entry.name)).toEqual(['Icon.jpg', 'part.jpg']);
  });

  it('reads what `zip - -` took from a pipe; no devices, no sockets', async () => {
    const modes = [0o010600, 0o020600, 0o060600, 0o140600];
    const codes = await refusals(modes.map((mode) => ({ name: '-', data: picture, mode })));
    expect(codes).toEqual([null, 'invalid_archive', 'invalid_archive', 'invalid_archive']);
  });

  it('knows folders of Windows without a slash, and links that macOS made', async () => {
    const folder = { name: 'scans', data: Buffer.alloc(0), madeBy: { system: 0, attributes: 0x10 } };
    const link = { name: 'a.jpg', data: picture, madeBy: { system: 19, attributes: (0o120777 << 16) >>> 0 } };
    const { entries, skipped } = await listed([folder, link]);
    expect(skipped).toBe(1);
    expect(entries.map(({ name, refusal }) => [name, refusal?.message])).toEqual([
      ['a.jpg', 'The entry is a symbolic link.'],
    ]);
  });

  it('takes a folder named like a drive for a folder', async () => {
    const names = ['A: Kecamatan/1.jpg', 'B:scan.jpg'];
    expect(await refusals(names.map((name) => ({ name, data: picture })))).toEqual([null, null]);
  });

  it.each<[string, string, Buffer]>([
    [
      'UTF-8 without its flag, as macOS writes it',
      'KTP José – Désa/kartu é.jpg',
      Buffer.from('KTP José – Désa/kartu é.jpg'),
    ],
    ['code page 437', 'Désa/Ñandú.jpg', Buffer.from('448273612fa5616e64a32e6a7067', 'hex')],
    ['Windows-1252', 'Désa ÀÈ.jpg', Buffer.from('Désa ÀÈ.jpg', 'latin1')],
    ['Windows-1252 with a dash', 'Désa – ÀÈ.jpg', Buffer.from('Désa \x96 ÀÈ.jpg', 'latin1')],
  ])('reads a name in %s', async (_what, name, nameBytes) => {
    const entry = { name, nameBytes, data: picture };
    for (const withoutFlag of [true, false]) {
      expect((await listed([{ ...entry, withoutFlag }])).entries.map((found) => found.name)).toEqual([name]);
    }
  });

  it.each<[string, Buffer, Buffer]>([
    ['a program in front that unpacks it', Buffer.alloc(30_000, 'MZ'), Buffer.alloc(0)],
    ['a warning of PHP in front', Buffer.from('<br />\n<b>Warning</b>: header\n'), Buffer.alloc(0)],
    ['a line end behind', Buffer.alloc(0), Buffer.from('\r\n')],
    ['zeros behind, to fill a block', Buffer.alloc(0), Buffer.alloc(1000)],
    ['more zeros behind, of room that was made for it', Buffer.alloc(0), Buffer.alloc(300_000)],
    ['both', Buffer.from('text'), Buffer.from('PK\x05\x06 and text')],
  ])('is read with %s', async (_what, before, after) => {
    for (const zip64 of [false, true]) {
      const zip = makeZip(
        [
          { name: 'a.jpg', data: picture },
          { name: 'b.jpg', data: picture, stored: true },
        ],
        { zip64 },
      );
      const archive = rangeOf(Buffer.concat([before, zip, after]));
      const { entries } = await listArchiveEntries(archive, limits);
      expect(entries.map((entry) => entry.name)).toEqual(['a.jpg', 'b.jpg']);
      for (const { place } of entries) {
        expect(place && (await readArchiveEntry(archive, place)).equals(picture)).toBe(true);
      }
    }
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'an Excel workbook',
      makeZip([
        { name: '[Content_Types].xml', data: picture },
        { name: 'xl/workbook.xml', data: picture },
      ]),
      /an Excel workbook/,
    ],
    ['a RAR archive', Buffer.from('526172211a0700', 'hex'), /a RAR archive/],
    ['a 7-Zip archive', Buffer.from('377abcaf271c0004', 'hex'), /7-Zip/],
    ['a tarball', gzipSync('a'), /\.tar\.gz/],
    ['a tar without a mark', oldTar(), /a tar archive/],
    ['an LHA archive', Buffer.from('\x1a\x2a-lh5-'), /an LHA archive/],
    ['a picture', Buffer.from('ffd8ffe000104a464946', 'hex'), /Send pictures as "images"/],
    ['a PDF', Buffer.from('%PDF-1.4\n'), /Send pictures as "images"/],
    ['a web page', Buffer.from('<!DOCTYPE html><html>'), /a web page/],
    ['empty', Buffer.alloc(0), /it is empty/],
    ['cut', makeZip([{ name: 'a.jpg', data: picture }]).subarray(0, -30), /its end is missing/],
  ])('that is %s is called what it is', async (_what, bytes, message) => {
    await expect(listArchiveEntries(rangeOf(bytes), limits)).rejects.toThrow(message);
  });

  it.each<[string, ZipEntry, string | null]>([
    ['is strongly encrypted', { name: 'bad.jpg', data: picture, flags: 0x40 }, 'invalid_archive'],
    ['has a torn extra field', { name: 'bad.jpg', data: picture, extra: Buffer.from('55540500', 'hex') }, null],
  ])('is read also where one entry %s', async (_what, bad, code) => {
    expect(await refusals([bad, { name: 'good.jpg', data: picture }])).toEqual([code, null]);
  });

  it.each([0, 1, 7])('passes over no entry where its end counts %d of two', async (count) => {
    const zip = makeZip([
      { name: 'a.jpg', data: picture },
      { name: 'b.jpg', data: picture },
    ]);
    zip.writeUInt16LE(count, zip.length - 12);
    const { entries } = await listArchiveEntries(rangeOf(zip), limits);
    expect(entries.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg']);
  });

  it('names the compression that it cannot read', async () => {
    const { entries } = await listed([12, 14].map((method) => ({ name: `${method}.jpg`, data: picture, method })));
    expect(entries.map(({ refusal }) => refusal?.message)).toEqual([
      'The entry is compressed by BZip2; only Deflate is read.',
      'The entry is compressed by LZMA; only Deflate is read.',
    ]);
  });

  it.each(['../a.jpg', 'x/../../a.jpg', '/etc/passwd', 'C:/a.jpg', '..\\..\\a.jpg', '\\\\host\\a.jpg', '../.hidden'])(
    'refuses an entry named %s, and only that',
    async (name) => {
      expect(
        await refusals([
          { name, data: picture },
          { name: 'a.jpg', data: picture },
        ]),
      ).toEqual(['invalid_archive', null]);
    },
  );

  it('refuses links, devices, encrypted entries and unknown compression', async () => {
    expect(
      await refusals([
        { name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 },
        { name: 'device', data: picture, mode: 0o020644 },
        { name: 'secret.jpg', data: picture, encrypted: true },
        { name: 'lzma.jpg', data: picture, method: 14 },
        { name: 'good.jpg', data: picture },
      ]),
    ).toEqual(['invalid_archive', 'invalid_archive', 'invalid_archive', 'invalid_archive', null]);
  });

  it('refuses bombs by what they claim: size, ratio, total', async () => {
    const zeros = Buffer.alloc(10 * MB);
    expect(
      await refusals([
        { name: 'huge.jpg', data: Buffer.alloc(16 * MB) },
        { name: 'zeros.jpg', data: zeros },
        { name: 'claims.jpg', data: picture, claimedSize: 0xfffffffe },
        { name: 'empty.jpg' },
      ]),
    ).toEqual(['payload_too_large', 'payload_too_large', 'payload_too_large', 'invalid_image']);
    const cards = ['1', '2', '3'].map((name) => ({ name, data: picture }));
    expect(await refusals(cards, { maxTotalBytes: 2 * picture.length })).toEqual([null, null, 'payload_too_large']);
  });

  it('unpacks no byte more than an entry claims', async () => {
    const bomb = { name: 'a.jpg', data: Buffer.alloc(50 * MB), claimedSize: 900_000 };
    await expect(contentOf([bomb])).rejects.toMatchObject({ code: 'invalid_archive' });
  });

  it.each<[string, Partial<ZipEntry>]>([
    ['a wrong checksum', { claimedCrc: 1 }],
    ['a size that is too large', { claimedSize: picture.length + 1 }],
    ['a size that is too small', { claimedSize: picture.length - 1 }],
    ['a packed size that is too small', { claimedCompressedSize: 20 }],
    ['a place outside of the archive', { claimedOffset: 0x7fffffff }],
    ['a place that is no entry', { claimedOffset: 3 }],
  ])('answers invalid_archive for an entry with %s', async (_what, claims) => {
    await expect(contentOf([{ name: 'a.jpg', data: picture, ...claims }])).rejects.toMatchObject({
      code: 'invalid_archive',
    });
  });

  it('refuses an entry that claims to be packed larger than it is', async () => {
    expect(await refusals([{ name: 'a', data: picture, claimedCompressedSize: 0x7fffffff }])).toEqual([
      'invalid_archive',
    ]);
  });

  it('reads stored, deflated and ZIP64 entries', async () => {
    const entry = { name: 'a.jpg', data: picture };
    expect((await contentOf([entry])).equals(picture)).toBe(true);
    expect((await contentOf([{ ...entry, stored: true }])).equals(picture)).toBe(true);
    expect((await contentOf([entry], true)).equals(picture)).toBe(true);
  });

  it('reads what the zip tool makes, folders and all', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktpflow-zip-'));
    try {
      mkdirSync(join(folder, 'cards'));
      writeFileSync(join(folder, 'cards', 'one.jpg'), picture);
      writeFileSync(join(folder, 'two.jpg'), picture);
      const tool = (...files: string[]) => execFileSync('zip', ['-q', '-r', 'a.zip', ...files], { cwd: folder });
      tool('cards', 'two.jpg');
      const archive = rangeOf(readFileSync(join(folder, 'a.zip')));
      const { entries, skipped } = await listArchiveEntries(archive, limits);
      expect(entries.map((entry) => entry.name)).toEqual(['cards/one.jpg', 'two.jpg']);
      expect(skipped).toBe(1);
      for (const { place } of entries) {
        expect(place && (await readArchiveEntry(archive, place)).equals(picture)).toBe(true);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a picture', picture],
    ['an empty archive', makeZip([])],
    ['only junk', makeZip([{ name: '.DS_Store' }, { name: 'folder/' }])],
    ['an archive that was cut', makeZip([{ name: 'a.jpg', data: picture }]).subarray(0, -30)],
    ['an archive without its beginning', makeZip([{ name: 'a', data: picture, stored: true }]).subarray(4000)],
  ])('that is %s is invalid_archive', async (_what, bytes) => {
    await expect(listArchiveEntries(rangeOf(bytes), limits)).rejects.toMatchObject({ code: 'invalid_archive' });
  });

  it('with 100,000 empty files is invalid_archive before they are all read', async () => {
    const names = Array.from({ length: 100_000 }, (_, index) => ({ name: `${index}`, stored: true }));
    const bytes = makeZip(names, { zip64: true });
    let read = 0;
    const archive = {
      size: bytes.length,
      read: async (start: number, length: number) => {
        read += length;
        return bytes.subarray(start, start + length);
      },
    };
    await expect(listArchiveEntries(archive, limits)).rejects.toMatchObject({ code: 'invalid_archive' });
    expect(read).toBeLessThan(bytes.length / 10);
  });

  it('passes on a failure of the store as it is', async () => {
    const archive = {
      size: 1000,
      read: async () => {
        throw new KtpflowError('storage_unavailable', 'down');
      },
    };
    await expect(listArchiveEntries(archive, limits)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('of changed bytes never fails in another way', async () => {
    const bytes = makeZip([
      { name: 'a.jpg', data: picture },
      { name: 'b/c.png', data: picture, stored: true },
    ]);
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const { at, value } of changes) damaged[at] = value;
        const archive = rangeOf(damaged);
        try {
          const { entries } = await listArchiveEntries(archive, limits);
          for (const { place } of entries) if (place) await readArchiveEntry(archive, place);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_archive' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
