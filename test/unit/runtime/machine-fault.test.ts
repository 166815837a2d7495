import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openHome } from '../../../src/runtime/embedded/home.ts';
import { explainMachineFault } from '../../../src/runtime/environment/machine-fault.ts';
import { checkTemporaryFolder } from '../../../src/runtime/environment/temporary-folder.ts';
import { builtModule } from '../../support/built-module.ts';

const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-fault-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What opening a home says, by a process of another user where one is named. */
function opening(home: string, uid?: number): string {
  const script = `
    import { openHome } from ${builtModule('runtime/embedded/home')};
    import { explainMachineFault } from ${builtModule('runtime/environment/machine-fault')};
    if (${uid ?? -1} >= 0) process.setuid(${uid ?? -1});
    await openHome(${JSON.stringify(home)}).then(
      () => console.log('opened'),
      (error) => console.log(explainMachineFault(error) ?? error.name + ": " + error.message),
    );
    process.exit();`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder },
  });
  return run.stdout.trim() + run.stderr;
}

async function reason(action: Promise<unknown>): Promise<string | null> {
  return action.then(
    () => 'nothing failed',
    (error: unknown) => explainMachineFault(error),
  );
}

describe('what the machine refuses is one line that says what to do', () => {
  it('a file where a folder should be, and the other way round', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await reason(openHome(join(folder, 'file')))).toMatch(
      /^\S+file is a file where a folder should be: move it/,
    );
    expect(await reason(openHome(join(folder, 'file', 'home')))).toMatch(
      /leads through a file that is no folder: set KTP/,
    );
    expect(await reason(writeFile(folder, ''))).toMatch(/is a folder where a file should be/);
  });

  it.skipIf(process.platform !== 'linux')(
    'a place where nothing can be made, at which Node tries for ever',
    async () => {
      expect(await reason(openHome('/proc/ktpflow/home'))).toMatch(
        /^\/proc\/ktpflow cannot be made there: set KTPFLOW_HOME/,
      );
    },
  );

  it('a link to itself, and a path that is too long', async () => {
    symlinkSync('loop', join(folder, 'loop'));
    expect(await reason(mkdir(join(folder, 'loop', 'home')))).toMatch(/is a link to itself: set KTPFLOW_HOME/);
    expect(await reason(openHome(join(folder, 'x'.repeat(300))))).toMatch(/is too long: set KTPFLOW_HOME/);
  });

  it('a disk without room, whoever says it', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const advice = /^no space is left on the disk: make room, or put KTPFLOW_HOME/;
    expect(explainMachineFault(full)).toMatch(advice);
    expect(explainMachineFault(new Error('storing', { cause: full }))).toMatch(advice);
    expect(explainMachineFault(new Error('PANIC: could not write: No space left on device'))).toMatch(advice);
  });

  it('no fault of the machine stays an error with its stack', () => {
    expect(explainMachineFault(new TypeError('x is not a function'))).toBeNull();
    expect(explainMachineFault(Object.assign(new Error(), { code: 'EACCES', syscall: 'listen' }))).toBeNull();
    expect(explainMachineFault('text')).toBeNull();
  });

  it('a temporary folder that is gone', async () => {
    await expect(checkTemporaryFolder()).resolves.toBeUndefined();
    vi.stubEnv('TMPDIR', join(folder, 'gone'));
    await expect(checkTemporaryFolder()).rejects.toThrow(
      /^TMPDIR: \S+gone is not there .+ set TMPDIR to another folder$/,
    );
  });
});

describe.skipIf(!AS_ROOT)('a home of another user', () => {
  it('in a folder that may not be written is refused without an offer to take that folder over', () => {
    const home = join(folder, '.ktpflow');
    expect(opening(home, NOBODY)).toBe(
      `${home} may not be made by this user, who cannot write to ${folder}: set KTPFLOW_HOME (and KTPFLOW_CACHE) to folders of your own`,
    );
  });

  it.each(['pglite', 'temporal.db', 'keys/encryption-keys', 'logs/temporal.log'])(
    'with %s left by a start as root is refused, naming it and the command that cures it',
    (part) => {
      const home = join(folder, 'home');
      mkdirSync(join(home, part, '..'), { recursive: true });
      for (const path of [home, join(home, part, '..')]) chownSync(path, NOBODY, NOBODY);
      writeFileSync(join(home, part), '', { mode: 0o600 });
      expect(opening(home, NOBODY)).toBe(
        `HomeUnusableError: ${join(home, part)} may not be used by this user (EACCES): sudo chown -R ${NOBODY} '${home}', or set KTPFLOW_HOME to another folder`,
      );
    },
  );
});
