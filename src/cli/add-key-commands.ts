import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import {
  checkKeyId,
  checkNewKey,
  createKey,
  listKeys,
  type NewKeyOptions,
  revokeKey,
  rotateKey,
} from './commands/keys.ts';
import { rewrapMasterKeys } from './commands/master-keys.ts';
import type { Runner } from './runner.ts';

/** `ktpflow keys …` */
export function addKeyCommands(program: Command, { locally, withApi }: Runner): void {
  const keys = program.command('keys').description('the keys of the server');
  keys
    .command('create')
    .description('create a key and print it')
    .requiredOption('--scopes <list>', 'chat, extract, review, admin, comma-separated')
    .option('--tenant <name>', 'owner of what is created with it; default: a tenant of its own')
    .option('--name <text>', 'to recognise it by')
    .option('--expires <date>', 'when it ends, as 2030-12-31 or 2030-12-31T18:00:00+07:00')
    .action(async (options: NewKeyOptions) => {
      const key = checkNewKey(options);
      await withApi('always', (api, output) => createKey(api, key, output));
    });
  keys
    .command('list')
    .description('all keys, without their secrets')
    .action(() => withApi('with data', listKeys));
  keys
    .command('revoke <id>')
    .description('end a key at once')
    .action(async (id: string) => {
      checkKeyId(id);
      await withApi('with data', (api, output) => revokeKey(api, id, output));
    });
  keys
    .command('rotate <id>')
    .description('replace a key and print the new one')
    .action(async (id: string) => {
      checkKeyId(id);
      await withApi('with data', (api, output) => rotateKey(api, id, output));
    });
  keys
    .command('rotate-master')
    .description('make a new encryption key, and wrap all data keys by it; of the embedded platform, stopped')
    .action(() => locally((output) => rewrapMasterKeys(readConfig(), { addKey: true }, output)));
  keys
    .command('rewrap')
    .description('wrap all data keys by the first of ENCRYPTION_KEYS, or of the key file of the home')
    .action(() => locally((output) => rewrapMasterKeys(readConfig(), { addKey: false }, output)));
}
