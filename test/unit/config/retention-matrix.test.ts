import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { environmentSchema, readConfig } from '../../../src/config.ts';

const matrix = await readFile(new URL('../../../docs/compliance/retention-matrix.md', import.meta.url), 'utf8');
const rows = [...matrix.matchAll(/^\|[^|]+\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, name = '', value]) => ({
  name,
  value: Number(value),
}));
/** What decides how long something of a person is kept. */
const KEEPS = /_DAYS$|_HOURS$|_TTL_|^PERSIST_|_AFTER_DISCONNECT_/;

describe('the retention matrix', () => {
  it('says the defaults that the code has', () => {
    const defaults: Readonly<Record<string, unknown>> = readConfig({});
    expect(rows.length).toBeGreaterThan(5);
    for (const { name, value } of rows) expect(Number(defaults[name]), name).toBe(value);
  });

  // A week of pictures that wait for a reviewer was missing, and no pattern asked for it.
  it('names the setting of every unit of days and hours', () => {
    const named = rows.map(({ name }) => name);
    for (const name of ['REVIEW_TIMEOUT_HOURS', 'RETENTION_DAYS', 'ACCESS_LOG_DAYS', 'FILES_RETENTION_DAYS']) {
      expect(KEEPS.test(name), name).toBe(true);
      expect(named, name).toContain(name);
    }
  });

  it('leaves out no setting by which something is kept', () => {
    const named = new Set(rows.map(({ name }) => name));
    const keeping = Object.keys(environmentSchema.shape).filter((name) => KEEPS.test(name));
    expect(keeping.filter((name) => !named.has(name))).toEqual([]);
  });
});
