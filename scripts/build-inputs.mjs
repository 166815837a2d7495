import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

const INPUTS = [
  'console',
  'package-lock.json',
  'prisma',
  'prisma.config.ts',
  'scripts',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];
const GENERATED = join('src', 'storage', 'generated');

/**
 * @param {string} root the project's folder, with a slash at its end
 * @returns {string} a hash of all that dist is made of, and of the Node that makes it
 */
export function inputsHash(root) {
  const hash = createHash('sha256').update(process.version);
  for (const input of INPUTS) {
    const names = statSync(root + input).isDirectory()
      ? readdirSync(root + input, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
      : [input];
    for (const name of names.sort()) {
      if (name.startsWith(GENERATED + sep)) continue;
      const bytes = readFileSync(root + name);
      hash.update(`${name} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest('hex');
}
