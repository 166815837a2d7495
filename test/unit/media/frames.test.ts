import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/media/ffmpeg.ts';
import { sampleFrames } from '../../../src/media/frames.ts';

let ffmpeg: string;
let folder: string;
const previous = process.env.TMPDIR;

beforeAll(async () => {
  ffmpeg = await findFfmpeg(undefined);
  folder = await mkdtemp(join(tmpdir(), 'frames-test-'));
  // Whatever a run leaves behind shows here.
  process.env.TMPDIR = folder;
});

afterAll(async () => {
  if (previous === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = previous;
  await rm(folder, { recursive: true, force: true });
});

/** A picture that turns from black to white over the length of the video. */
async function makeVideo(name: string, seconds: number, codec: readonly string[]): Promise<Buffer> {
  const path = join(folder, name);
  const fade = `color=white:size=160x120:rate=10:duration=${seconds},fade=in:0:${seconds * 10}`;
  await promisify(execFile)(ffmpeg, ['-v', 'error', '-y', '-f', 'lavfi', '-i', fade, ...codec, path]);
  const bytes = await readFile(path);
  await rm(path);
  return bytes;
}

const signal = new AbortController().signal;

describe('sampleFrames', () => {
  it.each([
    ['a.mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']],
    ['a.webm', ['-c:v', 'libvpx']],
    ['a.avi', ['-c:v', 'mpeg4']],
    ['a.mkv', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']],
  ])('takes frames evenly over the length, with their times (%s)', async (name, codec) => {
    const video = await makeVideo(name, 4, codec);
    const frames = await sampleFrames(video, { maxFrames: 4, signal });
    expect(frames.map(({ seconds }) => Math.round(seconds * 10) / 10)).toEqual([0.5, 1.5, 2.5, 3.5]);
    const brightness = await Promise.all(
      frames.map(async ({ bytes }) => (await sharp(bytes).stats()).channels[0]!.mean),
    );
    for (const [index, mean] of brightness.entries()) expect(mean / 255).toBeCloseTo((index + 0.5) / 4, 0.7);
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes two frames for a second at most', async () => {
    const video = await makeVideo('short.mp4', 1, ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']);
    expect(await sampleFrames(video, { maxFrames: 16, signal })).toHaveLength(2);
  });

  it('refuses what is no video, and playlists that name other files', async () => {
    const playlist = Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n');
    for (const bytes of [Buffer.from('hello'), playlist, Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n")]) {
      await expect(sampleFrames(bytes, { maxFrames: 4, signal })).rejects.toMatchObject({
        code: 'unsupported_media_type',
      });
    }
  });

  it('says so where nothing can be decoded, and leaves nothing behind', async () => {
    const video = await makeVideo('broken.mp4', 2, ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']);
    await expect(sampleFrames(video.subarray(0, 200), { maxFrames: 4, signal })).rejects.toMatchObject({
      code: 'unsupported_media_type',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('kills ffmpeg on cancel and on time-out, and leaves nothing behind', async () => {
    const video = await makeVideo('long.mp4', 20, ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('cancelled by the test')), 150);
    const begun = Date.now();
    await expect(sampleFrames(video, { maxFrames: 200, signal: controller.signal })).rejects.toThrow('cancelled by');
    expect(Date.now() - begun).toBeLessThan(1_500);
    await expect(sampleFrames(video, { maxFrames: 200, signal, timeoutMs: 150 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('names FFMPEG_PATH where it is wrong', async () => {
    await expect(findFfmpeg(join(folder, 'none'))).rejects.toThrow(/FFMPEG_PATH/);
  });
});
