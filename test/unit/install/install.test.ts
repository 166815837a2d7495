import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeProblem } from '../../../scripts/node-problem.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface LockedPackage {
  readonly hasInstallScript?: boolean;
}
const readJson = async (name: string) => JSON.parse(await readFile(join(ROOT, name), 'utf8'));

describe('an install', () => {
  it('asks npm nothing that it warns about: npm 11 said "Unknown project config" at every call', async () => {
    // What a person's own settings hold is not ours.
    const env = { ...process.env, npm_config_userconfig: '/dev/null' };
    const { stdout, stderr } = await promisify(execFile)('npm', ['pkg', 'get', 'name'], { cwd: ROOT, env });
    expect(stdout).toContain('ktpflow');
    expect(stderr).toBe('');
  });

  it('runs no download of a dependency: not npm 10, which goes by the lock file, nor npm 11, by allowScripts', async () => {
    const { packages } = (await readJson('package-lock.json')) as { packages: Record<string, LockedPackage> };
    // onnxruntime-node fetches CUDA where it finds nvcc, @prisma/engines a schema engine that nothing here uses.
    for (const name of ['onnxruntime-node', '@prisma/engines']) {
      expect(packages[`node_modules/${name}`], name).toBeDefined();
      expect(packages[`node_modules/${name}`]?.hasInstallScript, name).toBeUndefined();
    }
    const { allowScripts } = (await readJson('package.json')) as { allowScripts: Record<string, boolean> };
    const withScripts = Object.entries(packages).filter(([, locked]) => locked.hasInstallScript);
    const undecided = withScripts
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
      .filter((name) => !name.startsWith('@ffmpeg-installer/') && allowScripts[name] !== false);
    expect(undecided).toEqual([]);
  });

  it('builds without development packages, as under NODE_ENV=production and --omit=dev', async () => {
    const { dependencies } = (await readJson('package.json')) as { dependencies: Record<string, string> };
    const scripts = ['scripts/build.mjs', 'scripts/bundle-workflows.mjs'];
    const build = (await Promise.all(scripts.map((name) => readFile(join(ROOT, name), 'utf8')))).join('\n');
    const needed = [...build.matchAll(/(?:locate\(|from )'(@[^/']+\/[^/']+|[^@.][^/:']*)[/']/g)].map(
      ([, name]) => name,
    );
    expect(needed.sort()).toEqual(['@temporalio/worker', 'prisma', 'typescript', 'vite']);
    for (const name of needed) expect(dependencies).toHaveProperty([name ?? '']);
  });

  it.each([
    ['18.20.8', false],
    ['20.18.3', false],
    ['20.19.0', true],
    ['22.1.0', true],
    ['24.9.0', true],
  ])('says of Node.js %s in one line whether it is too old', (version, fine) => {
    expect(nodeProblem(version) === null).toBe(fine);
  });
});

describe('a start without a build', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ktpflow-install #1 '));
    cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (script: string) => spawnSync(process.execPath, [join(folder, 'scripts', script)], { encoding: 'utf8' });

  it.each(['start.mjs', 'ktpflow.mjs'])('says in one line what to do, as after --ignore-scripts (%s)', (script) => {
    const { status, stderr } = run(script);
    expect(stderr).toBe(
      `ktpflow: not built yet (an install with --ignore-scripts leaves that out): run "npm run build" in ${folder}/\n`,
    );
    expect(status).toBe(1);
  });

  it('says in one line that packages are missing', () => {
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist', 'main.js'), "import 'pino';");
    const { status, stderr } = run('start.mjs');
    expect(stderr).toBe(`ktpflow: the package pino is not installed: run "npm ci" in ${folder}/\n`);
    expect(status).toBe(1);
  });

  it('says in one line that files of the installation may not be read, as after a root with umask 077', () => {
    mkdirSync(join(folder, 'dist'), { mode: 0 });
    // Root reads everything.
    const who = process.getuid?.() === 0 ? { uid: 65534 } : {};
    chmodSync(folder, 0o755);
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts', 'start.mjs')], {
      ...who,
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^ktpflow: \S+ #1 .+ may not be read by this user: sudo chmod -R a\+rX '.+'\n$/);
    expect(status).toBe(1);
  });

  it('says in one line that the limit of open files is too low', () => {
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist', 'main.js'), "throw Object.assign(new Error('open'), { code: 'EMFILE' });");
    const { status, stderr } = run('start.mjs');
    expect(stderr).toBe('ktpflow: too many files are open: raise the limit (ulimit -n)\n');
    expect(status).toBe(1);
  });

  it('says in one line why a build cannot be made, and leaves nothing half made', () => {
    const { status, stderr } = run('build.mjs');
    expect(stderr).toMatch(/^ktpflow: the build failed: the package prisma is not installed: run "npm ci" in .+\n$/);
    expect(status).toBe(1);
    expect(readdirSync(folder)).toEqual(['scripts']);
  });
});
