import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedPlatform, exampleImage, imageForm, temporaryFolder } from '../e2e/embedded-platform.ts';

/** A file system of its own, which root may mount on Linux. */
const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

const folder = temporaryFolder();
const mounted: string[] = [];

function smallDisk(path: string, megabytes: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path]);
  mounted.push(path);
}

/** Leaves so many free bytes, by a file that takes the rest. */
function fill(path: string, keepBytes = 0): void {
  const { bavail, bsize } = statfsSync(path);
  const bytes = Math.max(0, bavail * bsize - keepBytes);
  try {
    writeFileSync(join(path, 'ballast'), Buffer.alloc(bytes));
  } catch {
    // The last block is somebody else's.
  }
}

const makeRoom = (path: string) => rmSync(join(path, 'ballast'), { force: true });

afterAll(() => {
  for (const path of mounted) {
    try {
      execFileSync('umount', [path]);
    } catch {
      execFileSync('umount', ['-l', path]);
    }
  }
  folder.remove();
});

async function post(
  platform: EmbeddedPlatform,
): Promise<{ status: number; code: string | undefined; retryAfter: string | null }> {
  const response = await platform.request('/ktp-ocr/', { method: 'POST', body: imageForm(exampleImage(1)) });
  const body = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: body.error?.code, retryAfter: response.headers.get('retry-after') };
}

describe.skipIf(!MAY_MOUNT)('a full disk', () => {
  describe('under the blobs', () => {
    const home = join(folder.path, 'blobs-full');
    let platform: EmbeddedPlatform;

    beforeAll(async () => {
      smallDisk(join(home, 'blobs'), 8);
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
    });
    afterAll(() => platform?.end());

    it('is told with 503, and everything else works', async () => {
      const done = await platform.submit(exampleImage(1));
      await platform.finished(done);
      fill(join(home, 'blobs'));
      expect(await post(platform)).toEqual({
        status: 503,
        code: 'storage_unavailable',
        retryAfter: expect.any(String),
      });
      expect((await platform.job(done)).status).toBe('succeeded');
      expect((await platform.request('/livez')).status).toBe(200);
    });

    it('is over as soon as there is room', async () => {
      makeRoom(join(home, 'blobs'));
      expect(await post(platform)).toMatchObject({ status: 200 });
    });
  });

  describe('under everything', () => {
    const home = join(folder.path, 'home-full');
    let platform: EmbeddedPlatform;
    let before: string;

    beforeAll(async () => {
      smallDisk(home, 300);
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn', OCR_TIMEOUT_SECONDS: '15' });
      before = await platform.submit(exampleImage(1));
      await platform.finished(before);
    });
    afterAll(() => platform?.end());

    it.each([0, 100_000, 300_000, 1_000_000, 3_000_000])('with %i bytes left gives clear answers', async (left) => {
      makeRoom(home);
      const works = async () => (await post(platform).catch(() => undefined))?.status;
      await expect.poll(works, { timeout: 60_000, interval: 500 }).toBe(200);
      fill(home, left);
      const answers = [];
      for (let card = 0; card < 4; card++) {
        answers.push(
          await post(platform).catch((error: unknown) => ({ status: 0, code: String(error), retryAfter: null })),
        );
      }
      console.log(`${left} bytes left:`, JSON.stringify(answers));
      for (const { retryAfter, status } of answers) {
        // 504: the image found room, and then Temporal none; it is read once there is some.
        expect([200, 503, 504]).toContain(status);
        if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
      }
    });

    it('comes back when there is room, with what it had', async () => {
      makeRoom(home);
      const startedAt = performance.now();
      await platform.readyAgain(60_000);
      await expect.poll(async () => (await post(platform)).status, { timeout: 60_000, interval: 500 }).toBe(200);
      console.log(`works again after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      expect((await platform.job(before)).status).toBe('succeeded');
    });

    it('does not keep it from stopping and starting', async () => {
      fill(home);
      platform.kill('SIGINT');
      expect(await platform.ended(), platform.output).toBe(0);
      makeRoom(home);
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
      expect((await platform.job(before)).status).toBe('succeeded');
      expect(await post(platform)).toMatchObject({ status: 200 });
    });
  });
});
