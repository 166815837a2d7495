import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../../../src/runtime/embedded/pglite.ts';
import { ownRecord } from '../../../src/runtime/processes/lock-holder.ts';
import { identityOf } from '../../../src/runtime/processes/process-identity.ts';
import { builtModule } from '../../support/built-module.ts';

let home: string;
const writers: ChildProcess[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ktpflow-pglite-'));
});
afterAll(() => {
  for (const writer of writers) writer.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** A process that owns the database, stores rows without a pause, and prints each that was acknowledged. */
function writer() {
  const script = `
    import { openEmbeddedDatabase } from ${builtModule('runtime/embedded/pglite')};
    const { pglite } = await openEmbeddedDatabase(${JSON.stringify(home)});
    await pglite.exec('CREATE TABLE IF NOT EXISTS acknowledged (id serial PRIMARY KEY, text text)');
    for (;;) {
      const { rows } = await pglite.query("INSERT INTO acknowledged (text) VALUES (repeat('x', 300)) RETURNING id");
      process.stdout.write(rows[0].id + '\\n');
    }`;
  // As in the tests' own processes (vitest.config.ts), compiling PGlite well would take longer than it saves.
  const flags = ['--liftoff-only', '--input-type=module'];
  const child = spawn(process.execPath, [...flags, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writers.push(child);
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function storedIds(): Promise<Set<number>> {
  const database = await openEmbeddedDatabase(home);
  const { rows } = await database.pglite.query<{ id: number }>('SELECT id FROM acknowledged');
  await database.close();
  return new Set(rows.map(({ id }) => id));
}

describe('the embedded database', () => {
  it('is created in a process that ends, and leaves nothing half made when that one is killed', async () => {
    // What a killed initdb of an earlier start left behind.
    mkdirSync(join(home, 'pglite.new-4711'));
    writeFileSync(join(home, 'pglite.new-4711', 'PG_VERSION'), '18');
    const before = process.memoryUsage().rss;
    const database = await openEmbeddedDatabase(home);
    // initdb takes 840 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
    await database.close();
    expect(readdirSync(home).sort()).toEqual(['pglite', 'pglite.lock']);
    expect(existsSync(join(home, 'pglite', 'PG_VERSION'))).toBe(true);
  });

  it('keeps every acknowledged row when its owner is killed with -9 in the middle of writing, time and again', async () => {
    const acknowledged: number[] = [];
    for (let round = 1; round <= 2; round++) {
      const { child, lines } = writer();
      let inRound = 0;
      for await (const line of lines) {
        acknowledged.push(Number(line));
        if (++inRound === 60) child.kill('SIGKILL');
      }
    }
    const stored = await storedIds();
    expect(acknowledged.length).toBeGreaterThanOrEqual(120);
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  });

  it('has one owner: a second process is refused, naming the first, whose rows stay', async () => {
    const { child, lines } = writer();
    await once(lines, 'line');
    await expect(openEmbeddedDatabase(home, 100)).rejects.toThrow(`in use by process ${child.pid}: stop that one`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(storedIds()).resolves.toBeTruthy();
  });

  it('is taken from a left-over child of a supervisor that is dead', async () => {
    const { child: sleeper, lines } = writer();
    await once(lines, 'line');
    const supervisor = { pid: process.pid, startedAt: 'before' };
    const holder = { ...ownRecord(), ...identityOf(sleeper.pid ?? 0), supervisor };
    writeFileSync(join(home, 'pglite.lock', 'holder'), JSON.stringify(holder));
    await expect(storedIds()).resolves.toBeTruthy();
    expect(sleeper.killed || sleeper.signalCode === 'SIGKILL' || identityOf(sleeper.pid ?? 0) === null).toBe(true);
  });
});
