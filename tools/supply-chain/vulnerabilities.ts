import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from './npm-sbom.ts';

const run = promisify(execFile);
const MOST_BYTES = 64 * 1024 * 1024;

const counts = z.object({
  info: z.number(),
  low: z.number(),
  moderate: z.number(),
  high: z.number(),
  critical: z.number(),
});
const auditSchema = z.object({
  vulnerabilities: z.record(z.string(), z.looseObject({ severity: z.string(), range: z.string() })),
  metadata: z.looseObject({ vulnerabilities: counts.loose() }),
});

export interface VulnerabilityReport {
  readonly lines: readonly string[];
  readonly serious: number;
}

/** What the registry knows against the locked packages; null where it does not answer such questions. */
export async function auditPackages(): Promise<VulnerabilityReport | null> {
  const args = ['audit', '--json', '--omit', 'dev', '--package-lock-only'];
  const stdout = await run('npm', args, { cwd: ROOT, maxBuffer: MOST_BYTES }).then(
    (ended) => ended.stdout,
    // It ends with 1 where it found something, and where it could not ask.
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  return readAudit(stdout);
}

export function readAudit(text: string): VulnerabilityReport | null {
  const parsed = auditSchema.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const { metadata, vulnerabilities } = parsed.data;
  const { critical, high } = metadata.vulnerabilities;
  return {
    lines: Object.entries(vulnerabilities).map(([name, { range, severity }]) => `${severity}: ${name} ${range}`),
    serious: critical + high,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
