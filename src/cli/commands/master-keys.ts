import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { withStoppedHome } from '../own-home.ts';

/**
 * Wraps every data key by the newest master key; with `addKey` a new one is made first.
 * @throws CliError where the platform runs, or the keys are the operator's to make
 */
export async function rewrapMasterKeys(
  config: Config,
  { addKey }: { readonly addKey: boolean },
  output: Output,
): Promise<ExitCode> {
  const isEmbedded = !config.DATABASE_URL;
  if (addKey && (!isEmbedded || config.ENCRYPTION_KEYS.length > 0)) {
    throw new CliError(
      EXIT.usage,
      'the keys are in ENCRYPTION_KEYS: add a new one behind the first everywhere, then put it in front everywhere, then run ktpflow keys rewrap',
    );
  }
  if (!isEmbedded && config.ENCRYPTION_KEYS.length === 0) {
    throw new CliError(EXIT.usage, 'set ENCRYPTION_KEYS as the platform has it');
  }
  const home = resolve(config.KTPFLOW_HOME);
  if (isEmbedded && !existsSync(join(home, 'pglite'))) throw new CliError(EXIT.usage, `${home} holds no data`);
  // It loads the database: every other command starts without it.
  const { rewrapAll } = await import('../../runtime/keys/rewrap-all.ts');
  const work = () => rewrapAll(config, { addKey });
  const report = isEmbedded ? await withStoppedHome(home, work) : await work();
  if (addKey) output.say(`${join(home, 'keys', 'encryption-keys')} has a new key: back it up again`);
  output.say(
    'keep the older keys until what Temporal remembers is over, and the last one for good: it keys the look-ups',
  );
  if (report.unreadable > 0) output.say(`${report.unreadable} rows or blobs open with none of the keys`);
  await output.print(
    output.json
      ? JSON.stringify(report)
      : `${report.rows} data keys of rows and ${report.blobs} of blobs are wrapped by the newest master key`,
  );
  return report.unreadable > 0 ? EXIT.failure : EXIT.ok;
}
