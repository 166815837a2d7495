import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ktpflow-video-';
const NAME = /^ktpflow-video-(\d+)-/;

/** Makes a folder for one video, named after this process, so that its successor knows what was left behind. */
export function makeVideoFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/**
 * Removes the folders of processes that are gone: one that is killed removes nothing, and a video may show a card. To be
 * called before this process makes the first of its own: one under its own number is that of a predecessor.
 * @param isAlive whether a process of that number runs
 */
export async function removeLeftVideoFolders(isAlive: (pid: number) => boolean): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (!pid || (pid !== process.pid && isAlive(pid))) continue;
    // Another user's may lie there too, and is not ours to remove.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
