import { existsSync } from 'node:fs';
import { HomeInUseError, HomeUnusableError, openHome } from '../runtime/embedded/home.ts';
import { explainMachineFault } from '../runtime/environment/machine-fault.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { reasonOf } from './sources/source-file.ts';

/**
 * Works on a home that no platform runs in, and keeps one from starting meanwhile. The folder is made where there is
 * none. @throws CliError where ktpflow runs there, or the folder cannot be written
 */
export async function withStoppedHome<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const home = await openHome(folder).catch((error: unknown) => {
    if (error instanceof HomeInUseError) throw new CliError(EXIT.usage, `stop ktpflow first: ${error.message}`);
    const told = error instanceof HomeUnusableError ? error.message : explainMachineFault(error);
    throw new CliError(EXIT.usage, told ?? `${folder}: ${reasonOf(error)}`, { cause: error });
  });
  try {
    return await work();
  } finally {
    await home.release().catch(() => undefined);
  }
}

/** Whether a ktpflow runs in a home, ready or not. */
export async function isHomeInUse(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  try {
    const home = await openHome(folder);
    await home.release();
    return false;
  } catch (error) {
    return error instanceof HomeInUseError;
  }
}
