import { openAsBlob } from 'node:fs';
import { CliError, EXIT } from '../exit-codes.ts';

/** A file that is read while it is sent. @throws CliError where it is not there or may not be read */
export async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} cannot be read`, { cause: error });
  }
}
