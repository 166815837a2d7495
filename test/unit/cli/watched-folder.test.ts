import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBusy } from '../../../src/cli/sources/file-facts.ts';
import { FolderFault, MoveFault, WatchedFolder } from '../../../src/cli/sources/watched-folder.ts';

const SETTLE_MS = 10;
const MEMORY_DISK = '/dev/shm';

let base: string;
let inbox: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ktpflow-watched-'));
  inbox = join(base, 'inbox');
  mkdirSync(inbox);
});
afterEach(() => rmSync(base, { recursive: true }));

const put = (name: string, text = 'a card') => writeFileSync(join(inbox, name), text);
const names = (folder = '') => readdirSync(join(inbox, folder)).sort();
const open = () => WatchedFolder.open(inbox, SETTLE_MS);
async function settled(watched: WatchedFolder) {
  await watched.settled();
  await sleep(2 * SETTLE_MS);
  return watched.settled();
}
async function onlyOne(watched: WatchedFolder) {
  const [file] = await settled(watched);
  if (!file) throw new Error('no file has settled');
  return file;
}

describe('a watched folder', () => {
  it('takes a file that its scanner or its share still holds for none that has failed', () => {
    const fault = (code: string) => Object.assign(new Error(code), { code });
    expect(['EBUSY', 'ESTALE', 'EACCES'].map((code) => isBusy(fault(code)))).toEqual([true, true, false]);
  });

  it('reads and moves files whose names are no UTF-8, as scanners and old shares write them', async () => {
    const bytes = (name: string) => Buffer.concat([Buffer.from(`${inbox}/`), Buffer.from(name, 'latin1')]);
    // One that another name reads like, and one of Windows in Japanese.
    for (const name of ['caf\xe9.jpg', '\x83J\x81[\x83h.jpg']) writeFileSync(bytes(name), name);
    put('caf\u00e9.jpg', 'in UTF-8');
    const watched = await open();
    const files = await settled(watched);
    expect(files).toHaveLength(3);
    for (const file of files) {
      expect(String(await watched.read(file))).not.toBe('');
      expect(await watched.moveToDone(file, {})).toBe(true);
    }
    expect(names().filter((name) => name.endsWith('.jpg'))).toEqual([]);
    expect(names('done')).toContain('caf\u00e9 (2).jpg');
    expect(names('done')).toHaveLength(6);
  });

  it('waits longer for an empty file: a scanner has begun it', async () => {
    put('begun.jpg', '');
    const watched = await open();
    expect(await settled(watched)).toEqual([]);
    await sleep(12 * SETTLE_MS);
    expect(await watched.settled()).toMatchObject([{ name: 'begun.jpg', size: 0 }]);
  });

  it('leaves what scanners, browsers and editors have not finished', async () => {
    const unfinished = ['a.jpg.part', 'a.jpg.tmp', 'a.jpg.temp', 'a.jpg.uploading', 'a.jpg.lck', 'a.jpg~', '.a.jpg'];
    for (const name of [...unfinished, '~$a.jpg', 'Thumbs.db', 'whole.jpg']) put(name);
    mkdirSync(join(inbox, 'folder'));
    expect(await settled(await open())).toMatchObject([{ name: 'whole.jpg' }]);
  });

  it.each([
    { kind: 'letters', name: `${'x'.repeat(246)}.jpg` },
    { kind: 'letters of two bytes', name: `a${'é'.repeat(122)}.jpg` },
    { kind: 'a long ending', name: `a.${'x'.repeat(250)}` },
  ])('moves a file whose name leaves no room for that of its note: $kind', async ({ name }) => {
    put(name);
    const watched = await open();
    expect(await watched.moveToFailed(await onlyOne(watched), { code: 'a', message: 'b', extraction_id: null })).toBe(
      true,
    );
    const [moved = '', note] = names('failed');
    expect(note).toBe(`${moved}.reason.json`);
    expect(name.startsWith(moved.slice(0, 95)) && !moved.includes('\uFFFD')).toBe(true);
  });

  it('does not move what was put over the file that was read', async () => {
    put('card.jpg');
    const watched = await open();
    const file = await onlyOne(watched);
    expect(await watched.read(file)).toEqual(Buffer.from('a card'));
    put('card.jpg', 'another card');
    expect(await watched.moveToDone(file, {})).toBe(false);
    expect(names('done')).toEqual([]);
    expect(await watched.read(await onlyOne(watched))).toEqual(Buffer.from('another card'));
  });

  it('makes a done folder anew that was cleared away, but not itself: it may be a share that is away', async () => {
    put('card.jpg');
    const watched = await open();
    const file = await onlyOne(watched);
    rmSync(join(inbox, 'done'), { recursive: true });
    expect(await watched.moveToDone(file, {})).toBe(true);
    expect(names('done')).toEqual(['card.jpg', 'card.jpg.json']);
    rmSync(inbox, { recursive: true });
    await expect(watched.settled()).rejects.toThrow(FolderFault);
    expect(existsSync(inbox)).toBe(false);
    mkdirSync(inbox);
    put('next.jpg');
    expect(await watched.moveToDone(await onlyOne(watched), {})).toBe(true);
  });

  it.runIf(existsSync(MEMORY_DISK))('says once that a file may not be moved, and leaves it for a while', async () => {
    const elsewhere = mkdtempSync(join(MEMORY_DISK, 'ktpflow-'));
    try {
      // The tests' folder may lie there too.
      if (statSync(elsewhere).dev === statSync(inbox).dev) return;
      symlinkSync(elsewhere, join(inbox, 'done'));
      put('stuck.jpg');
      const watched = await open();
      const file = await onlyOne(watched);
      await expect(watched.moveToDone(file, {})).rejects.toThrow(MoveFault);
      expect(await watched.moveToDone(file, {})).toBe(false);
      expect(names('done')).toEqual([]);
      put('other.jpg');
      expect(await settled(watched)).toMatchObject([{ name: 'other.jpg' }]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('that two programs watch has each file once in done, with its note', async () => {
    const cards = Array.from({ length: 40 }, (_, index) => `${index}.jpg`);
    for (const name of cards) put(name, name);
    const watchers = await Promise.all([open(), open()]);
    const moves = await Promise.allSettled(
      watchers.map(async (watched) => {
        for (const file of await settled(watched)) await watched.moveToDone(file, {}).catch(onlyFolderFault);
      }),
    );
    expect(moves.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    // Who met the other at one note looks again.
    for (const file of await settled(await open())) await (await open()).moveToDone(file, {});
    const expected = cards.flatMap((name) => [name, `${name}.json`]).sort();
    expect(names('done')).toEqual(expected);
  });
});

function onlyFolderFault(error: unknown): boolean {
  if (error instanceof FolderFault) return false;
  throw error;
}
