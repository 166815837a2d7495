import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { CliError, EXIT } from './exit-codes.ts';
import type { Runner } from './runner.ts';

/**
 * Commands about this machine: `doctor`, `backup`, `restore`. What they need is loaded only where it is used: every other
 * command starts without it.
 */
export function addDataCommands(program: Command, { locally }: Runner): void {
  program
    .command('doctor')
    .description('say what is missing, and how to get it')
    .action(async () => {
      refuse(program, ['apiKey']);
      const { runDoctor } = await import('./commands/doctor.ts');
      await locally((output) => runDoctor(program.opts<{ url?: string }>().url || undefined, output));
    });
  program
    .command('backup <file>')
    .description('pack the data of the embedded platform (.tar.gz); it must be stopped')
    .option('--encrypt', 'with a passphrase: KTPFLOW_BACKUP_PASSPHRASE, else it is asked for')
    .action(async (file: string, { encrypt = false }: { encrypt?: boolean }) => {
      refuse(program, ['url', 'apiKey']);
      const { runBackup } = await import('./commands/backup.ts');
      await locally((output) => runBackup(readConfig(), file, { isEncrypted: encrypt }, output));
    });
  program
    .command('restore <file>')
    .description('put a backup back')
    .option('--force', 'put data that is there aside')
    .action(async (file: string, { force = false }: { force?: boolean }) => {
      refuse(program, ['url', 'apiKey']);
      const { runRestore } = await import('./commands/restore.ts');
      await locally((output) => runRestore(readConfig(), file, force, output));
    });
}

const FLAGS = { url: '--url', apiKey: '--api-key' } as const;

/** Their variables may stand in the environment for other commands; an option is meant for this one. */
function refuse(program: Command, names: readonly (keyof typeof FLAGS)[]): void {
  const name = names.find((option) => program.getOptionValueSource(option) === 'cli');
  if (name === undefined) return;
  throw new CliError(EXIT.usage, `${FLAGS[name]} does nothing here: this is about KTPFLOW_HOME and this machine`);
}
