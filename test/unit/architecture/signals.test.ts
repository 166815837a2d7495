import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;

it('no signal is composed by AbortSignal.any, which loses time-outs and leaks on long-lived signals: AbortScope is there', async () => {
  const files = (await readdir(SOURCE, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const using: string[] = [];
  for (const file of files) {
    const code = (await readFile(join(SOURCE, file), 'utf8')).replaceAll(COMMENT, '');
    if (/AbortSignal\s*\.\s*any\b/.test(code)) using.push(file);
  }
  expect(files.length).toBeGreaterThan(200);
  expect(using).toEqual([]);
});
