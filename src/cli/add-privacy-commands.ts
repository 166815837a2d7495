import type { Command } from 'commander';
import { runAccessLog, runSubject } from './commands/subject.ts';
import type { Runner } from './runner.ts';

/** Commands that answer data subjects and auditors: `subject`, `access-log`. */
export function addPrivacyCommands(program: Command, { withApi }: Runner): void {
  program
    .command('subject')
    .description('which records concern the holder of a NIK, read from stdin or asked for; --json: a line each')
    .option('--tenant <name>', 'only the records of this tenant')
    .action(({ tenant }: { tenant?: string }) =>
      withApi('with data', (api, output) => runSubject(api, tenant, output)),
    );
  program
    .command('access-log')
    .description('who has processed or read which record, as JSON lines')
    .option('--since <date>', 'entries from then on')
    .option('--until <date>', 'entries before then')
    .action((options: { since?: string; until?: string }) =>
      withApi('with data', (api, output) => runAccessLog(api, options, output)),
    );
}
