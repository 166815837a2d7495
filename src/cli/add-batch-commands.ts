import type { Command } from 'commander';
import { checkId, runControl } from './commands/jobs.ts';
import type { Runner } from './runner.ts';

/** Commands for a batch that its caller holds in hand: `pause`, `resume`, `seal`. */
export function addBatchCommands(program: Command, { withApi }: Runner): void {
  const control = (action: 'pause' | 'resume' | 'seal', description: string): void => {
    program
      .command(`${action} <id>`)
      .description(description)
      .action(async (id: string) => {
        checkId(id, { onlyBatch: true });
        await withApi('with data', (api, output) => runControl(api, id, action, output));
      });
  };
  control('pause', 'begin no more items of a batch; what is being read is finished');
  control('resume', 'let a paused batch go on');
  control('seal', 'take no more items into an open batch: it ends with those that it has');
}
