import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeHolder, isLeftOver, ownRecord } from '../../../src/runtime/processes/lock-holder.ts';
import { tryLock, waitForLock } from '../../../src/runtime/processes/process-lock.ts';
import { builtModule } from '../../support/built-module.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ktpflow-lock-')), 'lock');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** Runs a command in a PID namespace of its own, as a container has; null where that is not permitted. */
const OWN_NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;
const MAY_UNSHARE = (() => {
  try {
    execFileSync(OWN_NAMESPACE[0], [...OWN_NAMESPACE.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Another process that takes the lock when told to, prints the answer, and then stays. */
function contender(wrapper: readonly string[] = []) {
  const script = `
    import { tryLock } from ${builtModule('runtime/processes/process-lock')};
    console.log('up');
    process.stdin.once('data', async () => {
      const answer = await tryLock(process.argv[1]);
      console.log('release' in answer ? 'taken' : String(answer.holder?.pid));
    });`;
  const [command, ...args] = [...wrapper, process.execPath, '--input-type=module', '-e', script, folder];
  const child = spawn(command ?? '', args, {
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
    expect(await tryLock(folder)).toMatchObject({ holder: { pid: process.pid } });
    expect(await waitForLock(folder, 60)).toBeNull();
  });

  it('is free again after a release, any number of times, without files piling up', async () => {
    for (let round = 0; round < 5; round++) {
      const lock = await tryLock(folder);
      if (!('release' in lock)) throw new Error('still held');
      lock.release();
    }
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each([
    ['of a living process', () => JSON.stringify(ownRecord())],
    ['that is torn, as after a full disk', () => '{"pid":'],
  ])('is free whatever the record in it, even one %s: only the kernel knows', async (_name, record) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'holder'), record());
    expect(await tryLock(folder)).toHaveProperty('release');
  });

  it('is refused without a name when its holder could not write who it is', async () => {
    mkdirSync(folder);
    const hold = `
      const { openSync } = require('node:fs');
      require(process.argv[1]).tryLock(openSync(process.argv[2], 'w+'));
      console.log('held');
      setInterval(() => {}, 1000);`;
    const binding = createRequire(import.meta.url).resolve('fs-native-extensions');
    const silent = spawn(process.execPath, ['-e', hold, binding, join(folder, 'holder')], { stdio: 'pipe' });
    children.push(silent);
    await once(silent.stdout, 'data');
    expect(await tryLock(folder)).toEqual({ holder: null });
    expect(describeHolder(null)).toBe('another process');
  });

  it('is a new one where its folder was moved away, as by a restore', async () => {
    await tryLock(folder);
    renameSync(folder, `${folder}.old`);
    expect(await tryLock(folder)).toHaveProperty('release');
    expect(await tryLock(folder)).toMatchObject({ holder: { pid: process.pid } });
  });

  it.skipIf(!MAY_UNSHARE)('holds in another PID namespace, as between two containers on one volume', async () => {
    const lock = await tryLock(folder);
    if (!('release' in lock)) throw new Error('still held');
    const stranger = contender(OWN_NAMESPACE);
    expect(await stranger.next()).toBe('up');
    stranger.child.stdin.write('\n');
    expect(await stranger.next()).toBe(String(process.pid));

    lock.release();
    const second = contender(OWN_NAMESPACE);
    expect(await second.next()).toBe('up');
    second.child.stdin.write('\n');
    expect(await second.next()).toBe('taken');
    const answer = await tryLock(folder);
    if (!('holder' in answer) || answer.holder === null) throw new Error('the second owner is not seen');
    // Its supervisor is not ours to judge, let alone to end.
    expect(isLeftOver({ ...answer.holder, supervisor: { pid: 4_000_000, startedAt: 'before' } })).toBe(false);
    expect(describeHolder(answer.holder)).toMatch(/^process \d+ of .+, in another container or on another machine$/);
    // unshare ends its child with it, and the kernel the lock.
    second.child.kill('SIGKILL');
    expect(await waitForLock(folder, 5000)).not.toBeNull();
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
