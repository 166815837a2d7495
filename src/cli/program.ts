import { Command, CommanderError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { STRATEGIES } from '../contract/strategies.ts';
import type { ApiClient } from './api-client.ts';
import { runBackup, runRestore } from './commands/backup.ts';
import { runBatch } from './commands/batch.ts';
import { runDoctor } from './commands/doctor.ts';
import { runExtract } from './commands/extract.ts';
import { runCancel, runRetry, runStatus } from './commands/jobs.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './commands/keys.ts';
import { runMcp } from './commands/mcp.ts';
import { listModels, pullModelFiles, verifyModelFiles } from './commands/models.ts';
import { type Connection, connect } from './connect.ts';
import { ApiError, CliError, EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';

interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface ReadingOptions {
  readonly strategy?: string;
  readonly rejectLowQuality?: boolean;
  readonly storeImage?: boolean;
}

/** Parses the arguments and runs the command. @returns how the program is to end */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command('ktpflow')
    .description('Reads Indonesian identity cards (KTP): single ones, or thousands of them.')
    .addOption(
      new Option('--url <url>', 'the server; default: the one on this machine, else it is started').env('KTPFLOW_URL'),
    )
    .addOption(new Option('--api-key <key>', 'key of the server').env('KTPFLOW_API_KEY'))
    .option('--json', 'machine-readable output')
    .option('--quiet', 'no progress and no remarks')
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('(ktpflow --help shows what there is)')
    .exitOverride();
  const outputOf = (): Output => {
    const { json = false, quiet = false } = program.opts<GlobalOptions>();
    return createOutput({ json, quiet });
  };
  const withServer = async (run: (connection: Connection, output: Output) => Promise<ExitCode>): Promise<void> => {
    const { apiKey: key, url } = program.opts<GlobalOptions>();
    const output = outputOf();
    const connection = await connect({ url, key }, output);
    try {
      exitCode = await run(connection, output);
    } finally {
      await connection.close();
    }
  };
  const withApi = (run: (api: ApiClient, output: Output) => Promise<ExitCode>): Promise<void> =>
    withServer(({ api }, output) => run(api, output));

  reading(program.command('extract <file...>').description('read cards: files, URLs, or - for stdin')).action(
    (files: string[], options: ReadingOptions) =>
      withApi((api, output) => runExtract(api, files, readingOptions(options), output)),
  );
  reading(
    program
      .command('batch [source]')
      .description('read a folder, a ZIP file or a CSV manifest (columns file or url, custom_id)')
      .option('-o, --out <file>', 'where the results go: .xlsx, .csv, .json or .ndjson; - is stdout')
      .addOption(new Option('--format <name>', 'format of the results').choices(['xlsx', 'csv', 'json', 'ndjson']))
      .option('--spreadsheet', 'CSV for a double click: a NIK stays one in spreadsheet programs')
      .option('--force', 'replace the file of the results')
      .option('--resume <id>', 'go on watching a batch')
      .option('--detach', 'hand it in, print its id, and end'),
  ).action((source: string | undefined, options: ReadingOptions & Record<string, string & boolean>) =>
    withServer((connection, output) => {
      const { out, format, resume } = options;
      const { detach = false, force = false, spreadsheet = false } = options;
      const flags = { detach, force, spreadsheet };
      return runBatch(connection, source, { out, format, resume, ...flags, batch: readingOptions(options) }, output);
    }),
  );
  program
    .command('status [id]')
    .description('a batch or an extraction; without an id the latest batches')
    .action((id?: string) => withApi((api, output) => runStatus(api, id, output)));
  program
    .command('cancel <id>')
    .description('cancel a batch or an extraction; what is finished stays')
    .action((id: string) => withApi((api, output) => runCancel(api, id, output)));
  program
    .command('retry <id>')
    .description('read the failed items of a batch again')
    .action((id: string) => withApi((api, output) => runRetry(api, id, output)));

  program
    .command('mcp')
    .description('serve the Model Context Protocol on stdin and stdout, for assistants on this machine')
    .action(() => withApi((api) => runMcp(api, program.version() ?? '')));

  const keys = program.command('keys').description('the keys of the server');
  keys
    .command('create')
    .description('create a key and print it')
    .requiredOption('--scopes <list>', 'chat, extract, admin, comma-separated')
    .option('--tenant <name>', 'owner of what is created with it; default: a tenant of its own')
    .option('--name <text>', 'to recognise it by')
    .option('--expires <time>', 'ISO 8601')
    .action((options: { scopes: string; tenant?: string; name?: string; expires?: string }) => {
      const { tenant, name, expires } = options;
      const scopes = options.scopes.split(/[,+]/).map((scope) => scope.trim());
      return withApi((api, output) => createKey(api, { scopes, tenant, name, expires }, output));
    });
  keys
    .command('list')
    .description('all keys, without their secrets')
    .action(() => withApi(listKeys));
  keys
    .command('revoke <id>')
    .description('end a key at once')
    .action((id: string) => withApi((api, output) => revokeKey(api, id, output)));
  keys
    .command('rotate <id>')
    .description('replace a key and print the new one')
    .action((id: string) => withApi((api, output) => rotateKey(api, id, output)));

  const models = program.command('models').description('models for VLM_MODEL_DIR');
  models
    .command('list')
    .description('models that fit, and what they need')
    .action(async () => {
      exitCode = await listModels(readConfig(), outputOf());
    });
  models
    .command('pull <id>')
    .description('fetch a model from the hub, or from HF_ENDPOINT; goes on where it was cut off')
    .option('--to <folder>', 'default: models/ in KTPFLOW_CACHE')
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .action(async (id: string, flags: { to?: string; revision: string }) => {
      exitCode = await pullModelFiles(readConfig(), id, flags, outputOf());
    });
  models
    .command('verify [folder]')
    .description('compare the files of a model with their checksums; default: VLM_MODEL_DIR')
    .action(async (folder?: string) => {
      exitCode = await verifyModelFiles(readConfig(), folder, outputOf());
    });

  program
    .command('doctor')
    .description('say what is missing, and how to get it')
    .action(async () => {
      exitCode = await runDoctor(program.opts<GlobalOptions>().url, outputOf());
    });
  program
    .command('backup <file>')
    .description('pack the data of the embedded platform (.tar.gz); it must be stopped')
    .action(async (file: string) => {
      exitCode = await runBackup(readConfig().KTPFLOW_HOME, file, outputOf());
    });
  program
    .command('restore <file>')
    .description('put a backup back')
    .option('--force', 'put data that is there aside')
    .action(async (file: string, { force = false }: { force?: boolean }) => {
      exitCode = await runRestore(readConfig().KTPFLOW_HOME, file, force, outputOf());
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError) && !(error instanceof ApiError)) throw error;
    outputOf().reportError(error.message);
    return error.exitCode;
  }
}

function reading(command: Command): Command {
  return command
    .addOption(new Option('--strategy <name>', 'how cards are read').choices(STRATEGIES))
    .option('--reject-low-quality', 'fail instead of guessing')
    .option('--store-image', 'keep the images as long as the results');
}

function readingOptions({ strategy, rejectLowQuality, storeImage }: ReadingOptions) {
  return {
    ...(strategy !== undefined && { strategy }),
    ...(rejectLowQuality && { reject_low_quality: true }),
    ...(storeImage && { store_image: true }),
  };
}
