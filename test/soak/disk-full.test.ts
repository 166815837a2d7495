import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmallDisk } from '../../deploy/local-cluster/small-disk.ts';
import { EmbeddedPlatform, exampleImage, imageForm, temporaryFolder } from '../e2e/embedded-platform.ts';

/** A file system of its own, which root may mount on Linux. */
const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

const folder = temporaryFolder();
const disks: SmallDisk[] = [];

function smallDisk(path: string, megabytes: number): SmallDisk {
  const disk = new SmallDisk(path, megabytes);
  disks.push(disk);
  return disk;
}

afterAll(() => {
  for (const disk of disks) disk.unmount();
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
    let disk: SmallDisk;
    let platform: EmbeddedPlatform;

    beforeAll(async () => {
      disk = smallDisk(join(home, 'blobs'), 8);
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
    });
    afterAll(() => platform?.end());

    it('is told with 503, and everything else works', async () => {
      const done = await platform.submit(exampleImage(1));
      await platform.finished(done);
      disk.fill();
      expect(await post(platform)).toEqual({
        status: 503,
        code: 'storage_unavailable',
        retryAfter: expect.any(String),
      });
      expect((await platform.job(done)).status).toBe('succeeded');
      expect((await platform.request('/livez')).status).toBe(200);
    });

    it('is over as soon as there is room', async () => {
      disk.makeRoom();
      expect(await post(platform)).toMatchObject({ status: 200 });
    });
  });

  describe('under everything', () => {
    const home = join(folder.path, 'home-full');
    let disk: SmallDisk;
    let platform: EmbeddedPlatform;
    let before: string;

    beforeAll(async () => {
      disk = smallDisk(home, 300);
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn', OCR_TIMEOUT_SECONDS: '15' });
      before = await platform.submit(exampleImage(1));
      await platform.finished(before);
    });
    afterAll(() => platform?.end());

    it.each([0, 100_000, 300_000, 1_000_000, 3_000_000])('with %i bytes left gives clear answers', async (left) => {
      disk.makeRoom();
      const works = async () => (await post(platform).catch(() => undefined))?.status;
      await expect.poll(works, { timeout: 60_000, interval: 500 }).toBe(200);
      disk.fill(left);
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
      disk.makeRoom();
      const startedAt = performance.now();
      await platform.readyAgain(60_000);
      await expect.poll(async () => (await post(platform)).status, { timeout: 60_000, interval: 500 }).toBe(200);
      console.log(`works again after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      expect((await platform.job(before)).status).toBe('succeeded');
    });

    it('does not keep it from stopping and starting', async () => {
      disk.fill();
      platform.kill('SIGINT');
      expect(await platform.ended(), platform.output).toBe(0);
      disk.makeRoom();
      platform = await EmbeddedPlatform.start(home, { LOG_LEVEL: 'warn' });
      expect((await platform.job(before)).status).toBe('succeeded');
      expect(await post(platform)).toMatchObject({ status: 200 });
    });
  });
});
