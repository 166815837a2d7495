import type { Command } from 'commander';
import type { CalibrateOptions } from './commands/calibrate.ts';
import { checkExport, type ExportOptions, exportReviews, listReviews } from './commands/reviews.ts';
import type { Runner } from './runner.ts';

/** `ktpflow reviews …` */
export function addReviewCommands(program: Command, { locally, withApi }: Runner): void {
  const reviews = program.command('reviews').description('cards that wait for a person');
  reviews
    .command('list')
    .description('the open ones, the least sure first')
    .action(() => withApi('with data', listReviews));
  reviews
    .command('export <folder>')
    .description('write the confirmed cards as truth.json, with the pictures that are still kept')
    .option('--batch <id>', 'those of one batch')
    .option('--force', 'replace the truth.json of an earlier export')
    .action(async (folder: string, options: ExportOptions) => {
      await checkExport(folder, options);
      await withApi('with data', (api, output) => exportReviews(api, folder, options.batch, output));
    });
  reviews
    .command('calibrate <folders...>')
    .description('hold the confidences of exported cards against what they turned out to be; change nothing')
    .option('--over <file>', 'the table in CONFIDENCE_TABLE when the cards were read')
    .option('--write <file>', 'write the proposed table, for CONFIDENCE_TABLE')
    .action((folders: string[], options: CalibrateOptions) =>
      locally(async (output) => (await import('./commands/calibrate.ts')).calibrate(folders, options, output)),
    );
}
