import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

/**
 * Which folder of src may import which; ARCHITECTURE.md has them in this order. Files in src itself stand under their own
 * names.
 * An arrow that is missing here runs back up, or past a layer: think twice before it is added.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'abort-scope.ts': [],
  'errors.ts': [],
  'temporal-errors.ts': [],
  'config.ts': [],
  'text-lines': [],
  ktp: ['text-lines'],
  mcp: ['ktp'],
  media: ['abort-scope.ts', 'errors.ts', 'text-lines'],
  chat: ['errors.ts'],
  responses: ['errors.ts', 'chat'],
  contract: ['errors.ts', 'chat'],
  encryption: ['config.ts', 'errors.ts'],
  observability: ['config.ts'],
  'stream-history': ['abort-scope.ts', 'temporal-errors.ts', 'chat', 'contract', 'encryption'],
  storage: ['errors.ts', 'chat', 'contract', 'encryption', 'responses'],
  batch: ['errors.ts', 'contract', 'ktp', 'media'],
  inference: [
    ...['abort-scope.ts', 'config.ts', 'errors.ts', 'chat', 'contract', 'ktp', 'media', 'observability', 'text-lines'],
  ],
  workflows: ['errors.ts', 'chat', 'contract'],
  activities: [
    ...['abort-scope.ts', 'temporal-errors.ts'],
    ...['config.ts', 'errors.ts', 'batch', 'chat', 'contract', 'encryption', 'inference', 'ktp'],
    'media',
    ...['observability', 'responses', 'storage', 'stream-history'],
  ],
  worker: ['errors.ts', 'contract', 'encryption', 'observability', 'storage'],
  api: [
    ...['abort-scope.ts', 'temporal-errors.ts'],
    ...['config.ts', 'errors.ts', 'batch', 'chat', 'contract', 'encryption', 'ktp', 'media'],
    ...['mcp', 'observability', 'responses', 'storage', 'stream-history'],
  ],
  runtime: [
    ...['config.ts', 'errors.ts', 'activities', 'api', 'contract', 'encryption', 'inference', 'media'],
    ...['observability', 'storage', 'worker'],
  ],
  cli: ['config.ts', 'errors.ts', 'batch', 'contract', 'ktp', 'mcp', 'runtime'],
  'main.ts': ['config.ts', 'inference', 'runtime'],
};

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const SPECIFIER = /(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+)'/g;

interface Import {
  readonly file: string;
  readonly target: string;
}

let imports: Import[] = [];

beforeAll(async () => {
  const files = (await readdir(SOURCE, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const each = files
    .filter((file) => !file.includes('generated'))
    .map(async (file) => {
      const text = await readFile(join(SOURCE, file), 'utf8');
      return [...text.matchAll(SPECIFIER)].map(([, specifier = '']) => ({
        file,
        target: normalize(join(dirname(file), specifier)),
      }));
    });
  imports = (await Promise.all(each)).flat();
});

const folderOf = (path: string) => path.split('/')[0] ?? '';

describe('imports', () => {
  it('run one way only, along the arrows that are listed', () => {
    expect(imports.length).toBeGreaterThan(1000);
    const against = imports.filter(({ file, target }) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      return from !== to && !ARROWS[from]?.includes(to);
    });
    expect(against).toEqual([]);
  });

  it('have arrows without a circle between folders', () => {
    const above = (folder: string, path: readonly string[]): void => {
      expect(path, `circle ${[...path, folder].join(' -> ')}`).not.toContain(folder);
      for (const next of ARROWS[folder] ?? []) above(next, [...path, folder]);
    };
    for (const folder of Object.keys(ARROWS)) above(folder, []);
  });

  it('form no circle of files', () => {
    const graph = groupByFile(imports);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (done.has(file)) return;
      expect(path, `circle ${[...path, file].join(' -> ')}`).not.toContain(file);
      for (const { target } of graph.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
  });
});

function groupByFile(all: readonly Import[]): Map<string, Import[]> {
  const groups = new Map<string, Import[]>();
  for (const one of all) groups.set(one.file, [...(groups.get(one.file) ?? []), one]);
  return groups;
}
