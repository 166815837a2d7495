import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentSchema, tidyValue } from '../../config.ts';
import { readEnvFile } from './env-file.ts';

/** The folder of package.json, from src/runtime/environment and dist/runtime/environment alike. */
const INSTALLATION = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Fills an environment with the `.env` file of a folder: what the environment itself says wins, unless it is empty.
 * Afterwards every variable of ours holds its plain value, without stray quotes and blanks, or is gone: child
 * processes and whoever reads the environment directly see what {@link readConfig} sees.
 * @throws ConfigError as readEnvFile
 */
export function applyEnvFile(folder: string, environment: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(readEnvFile(join(folder, '.env')))) {
    if (tidyValue(environment[name]) === undefined) environment[name] = value;
  }
  for (const name of Object.keys(environmentSchema.shape)) {
    const value = tidyValue(environment[name]);
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
}

/**
 * Whether the `.env` of a folder is meant for ktpflow: that of the installation, or one beside data of ours. A command
 * is run in any folder, and the DATABASE_URL of somebody else's program must never be taken for ours.
 */
export function isOwnFolder(folder: string): boolean {
  return join(folder, '/') === join(INSTALLATION, '/') || existsSync(join(folder, '.ktpflow'));
}
