import { spawnSync } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeVideoFolder, removeLeftVideoFolders } from '../../../src/media/video-folder.ts';
import { isAlive } from '../../../src/runtime/processes/process-identity.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe('video folders', () => {
  it('of a process that was killed are removed, those of a living one stay', async () => {
    const { pid: gone } = spawnSync(process.execPath, ['-e', '']);
    const left = join(tmpdir(), `ktpflow-video-${gone}-abcdef`);
    const used = join(tmpdir(), `ktpflow-video-${process.ppid}-abcdef`);
    for (const folder of [left, used]) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'video'), 'a card');
    }
    try {
      await removeLeftVideoFolders(isAlive);
      expect(await exists(left)).toBe(false);
      expect(await exists(used)).toBe(true);
    } finally {
      await rm(used, { recursive: true });
    }
  });

  it('are known by the process that made them', async () => {
    const folder = await makeVideoFolder();
    expect(folder).toContain(`-${process.pid}-`);
    await rm(folder, { recursive: true });
  });
});
