import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/runtime/processes/process-identity.ts';
import { tryLock, waitForLock } from '../../../src/runtime/processes/process-lock.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ktpflow-lock-')), 'lock');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** Another process that takes the lock when told to, prints the answer, and then stays. */
function contender() {
  const script = `
    import { tryLock } from ${JSON.stringify(new URL('../../../src/runtime/processes/process-lock.ts', import.meta.url).href)};
    console.log('up');
    process.stdin.once('data', async () => {
      const answer = await tryLock(process.argv[1]);
      console.log('release' in answer ? 'taken' : String(answer.pid));
    });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => (await lines.next()).value as string };
}

describe('a lock between processes', () => {
  it('is refused while its holder lives, naming the holder', async () => {
    const lock = await tryLock(folder);
    expect(lock).toHaveProperty('release');
    expect(await tryLock(folder)).toMatchObject({ pid: process.pid });
    expect(await waitForLock(folder, 60)).toBeNull();
  });

  it('is free again after a release, any number of times, without files piling up', async () => {
    for (let round = 0; round < 5; round++) {
      const lock = await tryLock(folder);
      if (!('release' in lock)) throw new Error('still held');
      await lock.release();
    }
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is not fooled by a recycled pid: our own pid with another start time is a dead holder', async () => {
    mkdirSync(folder);
    const recycled = { ...ownIdentity(), startedAt: 'another boot/12345', supervisor: null };
    writeFileSync(join(folder, '7'), JSON.stringify(recycled));
    expect(await tryLock(folder)).toHaveProperty('release');
  });

  it('is free when its record is torn, as after a full disk', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, '3'), '{"pid":');
    expect(await tryLock(folder)).toHaveProperty('release');
  });

  it('goes to exactly one of many that find it left by a killed holder', async () => {
    const holder = contender();
    await holder.next();
    holder.child.stdin.write('\n');
    expect(await holder.next()).toBe('taken');

    const crowd = Array.from({ length: 6 }, contender);
    for (const one of crowd) expect(await one.next()).toBe('up');
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    for (const one of crowd) one.child.stdin.write('\n');
    const answers = await Promise.all(crowd.map((one) => one.next()));
    const winner = crowd[answers.indexOf('taken')];
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(1);
    expect(answers.filter((answer) => answer === String(winner?.child.pid))).toHaveLength(5);
  });
});
