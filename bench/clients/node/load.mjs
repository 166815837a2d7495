import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A package out of the folder that it was installed into, which is not where this file lies. */
export async function load(name) {
  const require = createRequire(join(process.env.PACKAGES, 'package.json'));
  return import(pathToFileURL(require.resolve(name)).href);
}
