import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddedPlatform, exampleImage, exampleTruth, temporaryFolder } from '../e2e/embedded-platform.ts';

/** Built by `npm run test:slow`. */
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = temporaryFolder();
const home = join(folder.path, 'home');
const keyFile = join(home, 'keys', 'encryption-keys');
let platform: EmbeddedPlatform | undefined;

afterAll(async () => {
  await platform?.end();
  folder.remove();
});

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { KTPFLOW_URL: _, KTPFLOW_API_KEY: __, ENCRYPTION_KEYS: ___, ...environment } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...environment, KTPFLOW_HOME: home },
    stdio: 'pipe',
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

async function stop(): Promise<void> {
  platform?.kill('SIGINT');
  expect(await platform?.ended()).toBe(0);
}

describe('ktpflow keys rotate-master', () => {
  it('leaves what is stored readable by the new key alone', async () => {
    platform = await EmbeddedPlatform.start(home);
    const id = await platform.submit(exampleImage(1), { store_image: true });
    expect((await platform.finished(id)).status).toBe('succeeded');
    const refused = await run('keys', 'rotate-master');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('stop ktpflow first') });
    await stop();

    const rotated = await run('--json', 'keys', 'rotate-master');
    expect(rotated).toMatchObject({ code: 0, stderr: expect.stringContaining('back it up again') });
    expect(JSON.parse(rotated.stdout)).toEqual({ rows: 1, blobs: 1, unreadable: 0 });
    const [newest = '', oldest = ''] = readFileSync(keyFile, 'utf8').trim().split('\n');
    expect([newest, oldest].map((key) => key.split(':')[0])).toEqual(['k2', 'k1']);
    expect(JSON.parse((await run('--json', 'keys', 'rewrap')).stdout)).toEqual({ rows: 0, blobs: 0, unreadable: 0 });

    // Without the old one, as somebody who has stolen it would find the data.
    writeFileSync(keyFile, `${newest}\n`);
    platform = await EmbeddedPlatform.start(home);
    const kept = await platform.job(id);
    expect(kept.result?.fields.nik.value).toBe(exampleTruth(1).nik);
    // And what is new is written by it.
    expect((await platform.finished(await platform.submit(exampleImage(2)))).status).toBe('succeeded');
    await stop();
  }, 400_000);
});
