import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const MOST_BYTES = 64 * 1024 * 1024;

const licenceSchema = z.union([
  z.looseObject({ license: z.looseObject({ id: z.string().optional(), name: z.string().optional() }) }),
  z.looseObject({ expression: z.string() }),
]);

export const componentSchema = z.looseObject({
  'bom-ref': z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  licenses: z.array(licenceSchema).optional(),
});
export type Component = z.infer<typeof componentSchema>;

/** What of CycloneDX 1.5 is looked at here; the rest goes through as it is. */
export const sbomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
export type Sbom = z.infer<typeof sbomSchema>;

/** npm's own CycloneDX document of the packages that an installation without the development ones has. */
export async function npmSbom(): Promise<Sbom> {
  const { stdout } = await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'], {
    cwd: ROOT,
    maxBuffer: MOST_BYTES,
  });
  return sbomSchema.parse(JSON.parse(stdout));
}
