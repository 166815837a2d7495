import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ConfigError } from '../../config.ts';

/**
 * Videos are taken apart in the temporary folder. @throws ConfigError in one line where it is missing or not ours:
 * systemd's PrivateTmp and cleaned sessions leave a TMPDIR that is no more
 */
export async function checkTemporaryFolder(): Promise<void> {
  const folder = tmpdir();
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new ConfigError(
      `TMPDIR: ${folder} is not there or may not be written: make it, or set TMPDIR to another folder`,
    );
  }
}
