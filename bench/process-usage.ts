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

/** The most that has been resident. */
export function peakMegabytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) / 1024;
}

export interface MemoryKinds {
  /** What the program break gives: the first heap of malloc. */
  readonly heap: number;
  /** Further heaps of malloc, which threads get. */
  readonly arenas: number;
  /** Mappings without a file of up to 64 MB each: pages of V8's heaps, of all threads; stacks. */
  readonly pages: number;
  /** Larger ones: WebAssembly's memories, large buffers. */
  readonly large: number;
  /** Programs, libraries, data of files. */
  readonly files: number;
}

const LARGE_KB = 64 * 1024;
/** Where glibc puts a heap of an arena: at a multiple of its greatest size. */
const ARENA_BYTES = 64n * 1024n * 1024n;

/** Resident megabytes of a process by what they are, from smaps. */
export function memoryKinds(pid: number): MemoryKinds {
  const kinds = { heap: 0, arenas: 0, pages: 0, large: 0, files: 0 };
  for (const mapping of read(pid, 'smaps').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const resident = Number(/^Rss:\s+(\d+) kB/m.exec(mapping)?.[1] ?? 0);
    kinds[kindOf(mapping)] += resident / 1024;
  }
  return kinds;
}

function kindOf(mapping: string): keyof MemoryKinds {
  const [, start = '0', path = ''] = /^([0-9a-f]+)-\S+ \S+ \S+ \S+ \S+[^\S\n]*(.*)$/m.exec(mapping) ?? [];
  if (path === '[heap]') return 'heap';
  if (path !== '') return 'files';
  if (Number(/^Size:\s+(\d+) kB/m.exec(mapping)?.[1] ?? 0) > LARGE_KB) return 'large';
  return BigInt(`0x${start}`) % ARENA_BYTES === 0n ? 'arenas' : 'pages';
}

function read(pid: number, file: 'smaps' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
