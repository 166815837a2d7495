import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const schema = await readFile(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8');
const sweep = await readFile(new URL('../../../src/storage/named-blobs.ts', import.meta.url), 'utf8');

it('every table in which the removal of orphans looks for files is searched by an index', () => {
  const names = [...sweep.matchAll(/database\.(\w+)\.findMany\((?:named|\{ where: \{ (\w+):)/g)];
  expect(names.length).toBeGreaterThan(5);
  for (const [, table = '', column = 'blob'] of names) {
    const model = new RegExp(`\nmodel ${table} \\{\n(.*?)\n\\}`, 'is').exec(schema)?.[1] ?? '';
    // One scan of the table for every 500 files would be quadratic.
    expect(model, table).toMatch(new RegExp(`@@index\\(\\[${column}\\]\\)|\n  ${column} +String +@id`));
  }
});
