import { readFileSync } from 'node:fs';

/** What processes use, by proc(5); Linux only. One that is gone uses nothing. */

/** On every Linux that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

/** User and system time of a process so far. */
export function cpuSeconds(pid: number): number {
  const stat = read(pid, 'stat');
  // The name before it may hold blanks and brackets.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) / CLOCK_TICKS_PER_SECOND;
}

export function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) / 1024;
}

export interface MemoryKinds {
  /** What the program break gives: the first heap of malloc. */
  readonly heap: number;
  /** Mappings without a file of up to 64 MB each: further heaps of malloc, pages of V8, stacks. */
  readonly anonymous: number;
  /** Larger ones: WebAssembly's memories, large buffers. */
  readonly large: number;
  /** Programs, libraries, data of files. */
  readonly files: number;
}

const LARGE_KB = 64 * 1024;

/** Resident megabytes of a process by what they are, from smaps. */
export function memoryKinds(pid: number): MemoryKinds {
  const kinds = { heap: 0, anonymous: 0, large: 0, files: 0 };
  for (const mapping of read(pid, 'smaps').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const path = /^\S+ \S+ \S+ \S+ \S+[^\S\n]*(.*)$/m.exec(mapping)?.[1] ?? '';
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(mapping)?.[1] ?? 0);
    const kind =
      path === '[heap]' ? 'heap' : path !== '' ? 'files' : kilobytes('Size') > LARGE_KB ? 'large' : 'anonymous';
    kinds[kind] += kilobytes('Rss') / 1024;
  }
  return kinds;
}

function read(pid: number, file: 'smaps' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
