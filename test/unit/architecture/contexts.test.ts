import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const API = fileURLToPath(new URL('../../../src/api/', import.meta.url));
/** They make the context and hand it on. */
const MAKERS = ['app.ts', 'context.ts', 'server.ts'];
const WHOLE = /:\s*(?:Api|Route)Context\b/;

it('no module of the API takes the whole context: a signature says what it touches', async () => {
  const files = (await readdir(API, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const taking: string[] = [];
  for (const file of files) {
    if (!MAKERS.includes(file) && WHOLE.test(await readFile(join(API, file), 'utf8'))) taking.push(file);
  }
  expect(files.length).toBeGreaterThan(100);
  expect(taking).toEqual([]);
});
