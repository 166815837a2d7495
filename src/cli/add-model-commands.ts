import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { Runner } from './runner.ts';

/** What speaks to the hub: every other command starts without it. */
const load = () => import('./commands/models.ts');

/** `ktpflow models`: what VLM_MODEL_DIR may name. */
export function addModelCommands(program: Command, runner: Runner): void {
  const models = program.command('models').description('models for VLM_MODEL_DIR');
  models
    .command('list')
    .description('models that fit, and what they need')
    .action(() => runner.locally(async (output) => (await load()).listModels(readConfig(), output)));
  models
    .command('pull <id>')
    .description('fetch a model from the hub, or from HF_ENDPOINT; goes on where it was cut off')
    .option('--to <folder>', 'default: models/ in KTPFLOW_CACHE')
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .action((id: string, flags: { to?: string; revision: string }) =>
      runner.locally(async (output) => (await load()).pullModelFiles(readConfig(), id, flags, output)),
    );
  models
    .command('verify [folder]')
    .description('compare the files of a model with their checksums; default: VLM_MODEL_DIR')
    .action((folder?: string) =>
      runner.locally(async (output) => (await load()).verifyModelFiles(readConfig(), folder, output)),
    );
}
