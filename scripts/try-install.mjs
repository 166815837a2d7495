#!/usr/bin/env node
/**
 * Tries an installation as people make it: clones this repository into folders with odd names, installs it from the
 * registry, starts it, reads a card, stops it, starts it again. Takes minutes and gigabytes: run by hand.
 *
 *   node scripts/try-install.mjs [--node PATH]... [--uid NUMBER] [--only TEXT]
 *
 * @param --node a Node.js to try besides the one that runs this
 * @param --uid a user to become for one more case; needs root, and a KTPFLOW_CACHE that this user can read
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: wanted } = parseArgs({
  options: { node: { type: 'string', multiple: true }, uid: { type: 'string' }, only: { type: 'string' } },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const ODD_FOLDER = join('C# dev', "ü 100%25 it's ?a=b&c", 'x'.repeat(100));
const NO_PROXY_THERE = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };
const START_MS = 300_000;
const INSTALL_MS = 540_000;

/** install: arguments of npm ci; build: run it by hand afterwards; env: for both, startEnv: for the start only. */
const cases = [
  { name: 'plain', folder: 'plain' },
  {
    name: 'odd folder, production, proxy',
    folder: ODD_FOLDER,
    env: { NODE_ENV: 'production' },
    startEnv: NO_PROXY_THERE,
  },
  { name: '--omit=dev', folder: 'omit dev', install: ['--omit=dev'] },
  { name: '--ignore-scripts, then build', folder: 'ignore-scripts', install: ['--ignore-scripts'], build: true },
  ...(wanted.node ?? []).map((node) => ({ name: node, folder: ODD_FOLDER, node, startEnv: NO_PROXY_THERE })),
  ...(wanted.uid ? [{ name: `user ${wanted.uid}`, folder: ODD_FOLDER, uid: Number(wanted.uid) }] : []),
].filter(({ name }) => name.includes(wanted.only ?? ''));

let port = 21_000 + (process.pid % 1000);
let failed = 0;
for (const one of cases) {
  const base = mkdtempSync(join(tmpdir(), 'ktpflow-try-'));
  const startedAt = Date.now();
  const result = await tryCase(one, base).then(
    (notes) => ['ok', ...notes].join('; '),
    (error) => {
      failed++;
      return `FAILED: ${error.message}`;
    },
  );
  rmSync(base, { recursive: true, force: true });
  console.log(`${one.name}: ${result} (${Math.round((Date.now() - startedAt) / 1000)} s)`);
}
process.exitCode = failed === 0 ? 0 : 1;

async function tryCase(one, base) {
  const checkout = join(base, one.folder);
  const home = join(base, 'user');
  mkdirSync(dirname(checkout), { recursive: true });
  mkdirSync(home);
  await run('git', ['clone', '--quiet', root, checkout], { timeout: 60_000 });
  if (one.uid !== undefined) {
    chmodSync(base, 0o755);
    for (const name of ['.', ...readdirSync(base, { recursive: true })]) chownSync(join(base, name), one.uid, one.uid);
  }
  const environment = {
    ...process.env,
    ...one.env,
    ...(one.node ? { PATH: [dirname(one.node), process.env.PATH].join(delimiter) } : {}),
    ...(one.uid === undefined ? {} : { HOME: home, TMPDIR: home }),
  };
  const options = { cwd: checkout, env: environment, uid: one.uid, gid: one.uid };
  const install = await run('npm', ['ci', '--prefer-offline', ...(one.install ?? [])], {
    ...options,
    timeout: INSTALL_MS,
  });
  const notes = [`npm ci: ${(install.match(/npm warn [^\n]*/g) ?? []).length} warnings`];
  if (one.build) {
    const refused = await run('npm', ['start'], { ...options, timeout: 20_000, mayFail: true });
    if (!/^ktpflow: not built yet .+$/m.test(refused) || /^ +at /m.test(refused)) throw new Error(`said ${refused}`);
    await run('npm', ['run', 'build'], { ...options, timeout: INSTALL_MS });
  }
  for (const round of ['first', 'second']) {
    const env = { ...environment, ...one.startEnv, PORT: String(++port), LOG_LEVEL: 'warn' };
    notes.push(await tryStart({ ...options, env }, round));
  }
  const around = [...new Set([base, join(base, one.folder.split('/')[0])])].flatMap((path) => readdirSync(path));
  for (const name of ['temporal.db', 'C']) if (around.includes(name)) throw new Error(`${name} outside the home`);
  if (!existsSync(join(checkout, '.ktpflow', 'temporal.db'))) throw new Error('no temporal.db in the home');
  return notes;
}

/** Starts, reads a card, stops as Ctrl-C does. */
async function tryStart(options, round) {
  const startedAt = Date.now();
  const child = spawn('npm', ['start'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const url = `http://127.0.0.1:${options.env.PORT}`;
  try {
    while (
      !(await fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (child.exitCode !== null) throw new Error(`the ${round} start ended: ${output}`);
      if (Date.now() - startedAt > START_MS) throw new Error(`the ${round} start is not ready: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    const form = new FormData();
    form.append('image', new Blob([readFileSync(join(root, 'examples/ktp-1.jpg'))]), 'ktp-1.jpg');
    const card = await (await fetch(`${url}/ktp-ocr/`, { method: 'POST', body: form })).json();
    if (card.nik !== '3504074906650000') throw new Error(`the ${round} start read ${JSON.stringify(card)}`);
    if (/npm warn/.test(output)) throw new Error(`npm start warned: ${output}`);
    return `${round} start ${seconds} s`;
  } finally {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGINT')) await ended;
  }
}

async function run(command, args, { timeout, mayFail = false, ...options }) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0 && !mayFail) throw new Error(`${command} ${args.join(' ')}: ${output.slice(-1500)}`);
  return output;
}
