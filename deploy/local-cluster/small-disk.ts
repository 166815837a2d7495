import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readlinkSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(1 << 20);
const BALLAST = 'ballast';

/**
 * Whether disks of one's own can be mounted: by root of Linux, in a mount namespace of its own (`unshare --mount`), with
 * which they go, however it ends.
 */
export function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return readlinkSync('/proc/self/ns/mnt') !== readlinkSync(`/proc/${process.ppid}/ns/mnt`);
}

/** A file system in memory that can be filled up. */
export class SmallDisk {
  readonly path: string;

  /** Mounts it over an empty folder, which is made where it is missing. */
  constructor(path: string, megabytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path]);
  }

  /** Takes what room is left, but for so many bytes. */
  fill(keepBytes = 0): void {
    const ballast = openSync(join(this.path, BALLAST), 'w', 0o600);
    try {
      for (let room = this.#freeBytes(); room > keepBytes; room = this.#freeBytes()) {
        writeSync(ballast, BLOCK, 0, Math.min(BLOCK.length, room - keepBytes));
      }
    } catch {
      // The last block is somebody else's.
    } finally {
      closeSync(ballast);
    }
  }

  makeRoom(): void {
    rmSync(join(this.path, BALLAST), { force: true });
  }

  /** Its users have ended, or keep what they have open. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.path]);
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }
}
