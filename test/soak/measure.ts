import { readdirSync, readFileSync } from 'node:fs';
import { commandLineOf } from '../../src/runtime/processes/process-identity.ts';
import type { EmbeddedPlatform } from '../e2e/embedded-platform.ts';

/** What a process holds, by /proc: Linux only. */
export interface Usage {
  readonly pid: number;
  readonly name: string;
  /** Resident memory in MB, what it shares with others included. */
  readonly rss: number;
  /** Resident memory in MB, what is shared split among those who share it. */
  readonly pss: number;
  readonly files: number;
  readonly threads: number;
}

const PARTS = ['ktpflow-api', 'ktpflow-inference', 'ktpflow-worker', 'temporal', 'ktpflow-guard'] as const;

export function nameOf(commandLine: string): string {
  if (commandLine.includes('ktpflow-guard')) return 'ktpflow-guard';
  if (commandLine.includes('server start-dev')) return 'temporal';
  return PARTS.find((part) => commandLine.startsWith(part)) ?? 'ktpflow';
}

/** Every process of the platform, the supervisor first. */
export function measure(platform: EmbeddedPlatform): Usage[] {
  return platform.tree().flatMap(({ pid }) => {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        pid,
        name: nameOf(commandLineOf(pid) ?? ''),
        rss: number(rollup, /^Rss:\s+(\d+)/m) / 1024,
        pss: number(rollup, /^Pss:\s+(\d+)/m) / 1024,
        files: readdirSync(`/proc/${pid}/fd`).length,
        threads: number(status, /^Threads:\s+(\d+)/m),
      };
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

export const sum = (usages: readonly Usage[], what: 'rss' | 'pss' | 'files' | 'threads') =>
  usages.reduce((total, usage) => total + usage[what], 0);

/** One line of a table: MB of each part, and of all. */
export function row(label: string, usages: readonly Usage[]): string {
  const of = (name: string) =>
    sum(
      usages.filter((usage) => usage.name === name),
      'rss',
    ).toFixed(0);
  const parts = ['ktpflow', 'ktpflow-api', 'ktpflow-inference', 'temporal', 'ktpflow-guard'];
  const each = parts.map((name) => `${name} ${of(name)}`).join(', ');
  return `${label}: RSS ${sum(usages, 'rss').toFixed(0)} MB (${each}), PSS ${sum(usages, 'pss').toFixed(0)} MB, ${sum(usages, 'files')} files, ${sum(usages, 'threads')} threads, ${usages.length} processes`;
}
