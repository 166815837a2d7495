import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const linesOf = (name: string) => readFileSync(new URL(name, root), 'utf8').split('\n');

describe('the Dockerfile', () => {
  it('copies only what is there and what .dockerignore lets through', () => {
    const ignored = linesOf('.dockerignore');
    expect(ignored).toContain('*');
    const copies = linesOf('Dockerfile').filter((line) => line.startsWith('COPY ') && !line.includes('--from='));
    const sources = copies.flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(sources.length).toBeGreaterThan(8);
    const missing = sources.filter((source) => !existsSync(new URL(source, root)) || !ignored.includes(`!${source}`));
    expect(missing).toEqual([]);
  });
});
