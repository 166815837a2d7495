import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Installed, built or written by a run. */
const NOT_OURS = new Set(['node_modules', '.git', '.ktpflow', 'coverage', 'generated']);
const WRITTEN_BY_BENCHES = 'bench/results';
const SOURCE = /\.(?:ts|mjs|py|prisma|sql|sh|yml)$/;

const LINK = /\]\(([^)\s]+)\)/g;
const HEADING = /^#+ (.+)$/gm;
const INLINE_CODE = /`([^`\n]+)`/g;
const REPOSITORY_PATH = /^(?:src|test|bench|tools|scripts|prisma|docs|examples|\.ci|\.github)\/[\w./-]+/;
/** Stands for any name in a document. */
const PLACEHOLDER = /\b(?:NAME|THAT)\b/;
/** In source: docs/….md, or a document in capitals, which lies at the root. */
const CITATION = /(?<![\w./-])(?:docs\/[\w./-]+\.md|[A-Z]+\.md)\b/g;

interface Text {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

let documents: Text[] = [];
let sources: Text[] = [];

beforeAll(async () => {
  const paths = await filesUnder('');
  const read = (path: string) => readFile(join(ROOT, path), 'utf8').then((text) => ({ path, text }));
  documents = await Promise.all(paths.filter((path) => path.endsWith('.md')).map(read));
  sources = await Promise.all(paths.filter((path) => SOURCE.test(path)).map(read));
});

describe('documents', () => {
  it('link to files and headings that exist', () => {
    const links = documents.flatMap(({ path, text }) =>
      matches(LINK, text)
        .filter((target) => !/^[a-z]+:/.test(target))
        .map((target) => ({ path, target })),
    );
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter(({ path, target }) => !isThere(path, target))).toEqual([]);
  });

  it('name files and folders that exist', () => {
    const named = documents.flatMap(({ path, text }) =>
      matches(INLINE_CODE, text)
        .flatMap((code) => REPOSITORY_PATH.exec(code)?.[0] ?? [])
        .filter((name) => !PLACEHOLDER.test(name) && !name.startsWith(WRITTEN_BY_BENCHES))
        .map((name) => ({ path, name })),
    );
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter(({ name }) => !exists(name) && !exists(`${name}.ts`))).toEqual([]);
  });

  it('are there when a comment refers to them', () => {
    const cited = sources.flatMap(({ path, text }) => matches(CITATION, text).map((name) => ({ path, name })));
    expect(cited.length).toBeGreaterThan(8);
    expect(cited.filter(({ name }) => !exists(name))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('has a row for each folder of src that names its rooms', async () => {
    const rows = await folderRows();
    const missing: string[] = [];
    for (const folder of await foldersIn('src')) {
      const row = rows.find(({ name }) => name === folder)?.text ?? '';
      if (row === '') missing.push(`src/${folder}`);
      for (const room of await foldersIn(`src/${folder}`)) {
        if (!row.includes(`\`${room}/\``)) missing.push(`src/${folder}/${room}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('orders its rows so that a folder imports only from rows above it', async () => {
    const order = (await folderRows()).map(({ name }) => name);
    const upwards = sources
      .filter(({ path }) => path.startsWith('src/'))
      .flatMap(({ path, text }) =>
        matches(/(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+)'/g, text).map((target) => ({
          path,
          target: normalize(join(dirname(path), target)),
        })),
      )
      .filter(
        ({ path, target }) => target.startsWith('src/') && order.indexOf(nameIn(path)) < order.indexOf(nameIn(target)),
      );
    expect(order.length).toBeGreaterThan(15);
    expect(upwards).toEqual([]);
  });
});

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true });
  const each = entries.map(async (entry): Promise<string[]> => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) return [path];
    const skipped = NOT_OURS.has(entry.name) || entry.name.startsWith('dist') || path === WRITTEN_BY_BENCHES;
    return entry.isDirectory() && !skipped ? filesUnder(path) : [];
  });
  return (await Promise.all(each)).flat();
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !NOT_OURS.has(entry.name)).map((entry) => entry.name);
}

/** Rows of the table of folders: `src/NAME` in the first cell. */
async function folderRows(): Promise<{ name: string; text: string }[]> {
  const text = await readFile(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  return text.split('\n').flatMap((line) => {
    const name = /^\| `src\/([\w.-]+)` \|/.exec(line)?.[1];
    return name === undefined ? [] : [{ name, text: line }];
  });
}

/** The first group of every match, or the whole match where the pattern has none. */
function matches(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** Whether a link's file, seen from its document, exists, and has the heading that its fragment names. */
function isThere(from: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file));
  if (!exists(path)) return false;
  if (heading === undefined) return true;
  const text = documents.find((document) => document.path === path)?.text ?? '';
  return matches(HEADING, text).map(anchorOf).includes(heading);
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** The folder of src, or the file in it, that a path lies in. */
function nameIn(path: string): string {
  return path.split('/')[1] ?? '';
}
