import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { BATCH_PRIORITIES } from '../contract/batch-workflow.ts';
import { REVIEW_MODES } from '../contract/review.ts';
import { STRATEGIES } from '../contract/strategies.ts';
import { addBatchCommands } from './add-batch-commands.ts';
import { addDataCommands } from './add-data-commands.ts';
import { addKeyCommands } from './add-key-commands.ts';
import { addModelCommands } from './add-model-commands.ts';
import { addPrivacyCommands } from './add-privacy-commands.ts';
import { addReviewCommands } from './add-review-commands.ts';
import { type BatchCommandOptions, checkBatchOptions, runBatch } from './commands/batch.ts';
import { checkTarget, keepSource, withoutDevice } from './commands/batch-results.ts';
import { checkCards, runExtract } from './commands/extract.ts';
import { checkId, runCancel, runRetry, runStatus } from './commands/jobs.ts';
import { runWatch } from './commands/watch.ts';
import { type Connection, connect, type MayStart } from './connect.ts';
import { ApiError, CliError, EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { interruptibly, untilInterrupted } from './interruptibly.ts';
import { createOutput, type Output } from './output.ts';
import type { Runner } from './runner.ts';
import type { BatchOptions } from './sources/batch-body.ts';
import { checkFolder, checkSource } from './sources/source-file.ts';

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
  readonly review?: string;
  readonly allCards?: boolean;
}

const SHOW_A_KEY =
  'show a key with --api-key or KTPFLOW_API_KEY. The admin key of a server on this machine lies in its home: set KTPFLOW_HOME';

const SEVERAL_SOURCES =
  'a batch has one source: name the folder that the files lie in, or a list of them. ktpflow extract reads single files';

/** Parses the arguments and runs the command. @returns how the program is to end */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  let hasKey = true;
  const program = new Command('ktpflow')
    .description('Reads Indonesian identity cards (KTP): single ones, or thousands of them.')
    .version(ownVersion(), '-V, --version', 'which version this is')
    .addOption(
      new Option('--url <url>', 'the server; default: the one on this machine, else it is started').env('KTPFLOW_URL'),
    )
    .addOption(
      new Option('--api-key <key>', 'key of the server; default: the admin key in KTPFLOW_HOME').env('KTPFLOW_API_KEY'),
    )
    .option('--json', 'machine-readable output')
    .option('--quiet', 'no progress and no remarks')
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('(ktpflow --help shows what there is)')
    .exitOverride();
  const outputOf = (): Output => {
    const { json = false, quiet = false } = program.opts<GlobalOptions>();
    return createOutput({ json, quiet });
  };
  const withServer = async (
    mayStart: MayStart,
    run: (connection: Connection, output: Output) => Promise<ExitCode>,
  ): Promise<void> => {
    const { apiKey, url } = program.opts<GlobalOptions>();
    const output = outputOf();
    // Empty is unset, as everywhere.
    const options = { url: url || undefined, key: apiKey || undefined, mayStart };
    const connection = await interruptibly((signal) => connect(options, output, signal), 'nothing was done');
    hasKey = connection.api.hasKey;
    try {
      exitCode = await untilInterrupted(() => run(connection, output));
    } finally {
      await connection.close();
    }
  };
  const runner: Runner = {
    withApi: (mayStart, run) => withServer(mayStart, ({ api }, output) => run(api, output)),
    async locally(run) {
      exitCode = await untilInterrupted(() => run(outputOf()));
    },
  };

  reading(program.command('extract <file...>').description('read cards: files, URLs, or - for stdin')).action(
    async (files: string[], options: ReadingOptions) => {
      await checkCards(files, outputOf());
      await runner.withApi('always', (api, output) => runExtract(api, files, readingOptions(options), output));
    },
  );
  reading(
    program
      .command('batch [source]')
      .description('read a folder, a ZIP file, or a list of files or URLs (columns file or url, custom_id)')
      .option('-o, --out <file>', 'where the results go: .xlsx, .csv, .json or .ndjson; - is stdout')
      .addOption(new Option('--format <name>', 'format of the results').choices(['xlsx', 'csv', 'json', 'ndjson']))
      .option('--spreadsheet', 'CSV for a double click: a NIK stays one in spreadsheet programs, cells between ;')
      .addOption(new Option('--separator <name>', 'between the cells of a CSV').choices(['comma', 'semicolon', 'tab']))
      .option('--force', 'replace the file of the results')
      .option('--resume <id>', 'go on watching a batch')
      .option('--detach', 'hand it in, print its id, and end')
      .addOption(new Option('--priority <name>', 'beside other batches of yours').choices(BATCH_PRIORITIES))
      .option('--open', 'more will be added (--add-to) until it is sealed')
      .option('--add-to <id>', 'add to a batch that is open'),
  )
    // As a shell makes of `batch *.jpg`.
    .allowExcessArguments()
    .action(async (source: string | undefined, given: ReadingOptions & Record<string, string & boolean>, { args }) => {
      if (args.length > 1) throw new CliError(EXIT.usage, SEVERAL_SOURCES);
      const { addTo, format, priority, resume, separator } = given;
      const out = withoutDevice(given.out);
      const { detach = false, force = false, spreadsheet = false } = given;
      const flags = { detach, force, spreadsheet };
      const whole = {
        options: readingOptions(given),
        ...(priority !== undefined && { priority }),
        ...(given.open !== undefined && { sealed: false }),
      };
      const options: BatchCommandOptions = { out, format, resume, separator, addTo, ...flags, whole };
      checkBatchOptions(source, options);
      for (const id of [resume, addTo]) if (id !== undefined) checkId(id, { onlyBatch: true });
      if (source !== undefined) await keepSource(await checkSource(source), out);
      await checkTarget(options);
      await withServer(resume === undefined && addTo === undefined ? 'always' : 'with data', (connection, output) =>
        runBatch(connection, source, options, output),
      );
    });
  reading(
    program
      .command('watch <folder>')
      .description('read every card that is put into a folder, until it is stopped')
      .addOption(
        new Option('--settle <seconds>', 'how long a file must not have changed').argParser(secondsOf).default(5),
      ),
  ).action(async (folder: string, given: ReadingOptions & { readonly settle: number }) => {
    if (!(given.settle >= 0)) throw new CliError(EXIT.usage, '--settle is a number of seconds');
    await checkFolder(folder);
    await runner.withApi('always', (api, output) =>
      runWatch(api, folder, { settleSeconds: given.settle, batch: readingOptions(given) }, output),
    );
  });
  program
    .command('status [id]')
    .description('a batch or an extraction; without an id the latest batches')
    .action(async (id?: string) => {
      if (id !== undefined) checkId(id);
      await runner.withApi('never', (api, output) => runStatus(api, id, output));
    });
  program
    .command('cancel <id>')
    .description('cancel a batch or an extraction; what is finished stays')
    .action(async (id: string) => {
      checkId(id);
      await runner.withApi('with data', (api, output) => runCancel(api, id, output));
    });
  program
    .command('retry <id>')
    .description('read the failed items of a batch again')
    .action(async (id: string) => {
      checkId(id, { onlyBatch: true });
      await runner.withApi('with data', (api, output) => runRetry(api, id, output));
    });
  program
    .command('mcp')
    .description('serve the Model Context Protocol on stdin and stdout, for assistants on this machine')
    .action(() =>
      runner.withApi('always', async (api) => {
        // The protocol's packages take a fifth of the time in which all other commands start.
        const { runMcp } = await import('./commands/mcp.ts');
        return runMcp(api, ownVersion());
      }),
    );
  addBatchCommands(program, runner);
  addKeyCommands(program, runner);
  addReviewCommands(program, runner);
  addDataCommands(program, runner);
  addModelCommands(program, runner);
  addPrivacyCommands(program, runner);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof CliError) && !(error instanceof ApiError)) throw error;
    const output = outputOf();
    output.reportError(error.message);
    if (error.exitCode === EXIT.denied && !hasKey) output.reportError(SHOW_A_KEY);
    return error.exitCode;
  }
}

/** NaN: it is no number; Number takes an empty text for 0. */
function secondsOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** package.json stands beside src/ and dist/ alike. */
function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function reading(command: Command): Command {
  return command
    .addOption(new Option('--strategy <name>', 'how cards are read').choices(STRATEGIES))
    .option('--reject-low-quality', 'fail instead of guessing')
    .option('--store-image', 'keep the images as long as the results')
    .option('--all-cards', 'every card of a picture or document, not only the first')
    .addOption(new Option('--review <when>', 'let a person look at cards').choices(REVIEW_MODES));
}

function readingOptions({ allCards, review, strategy, rejectLowQuality, storeImage }: ReadingOptions): BatchOptions {
  return {
    ...(strategy !== undefined && { strategy }),
    ...(rejectLowQuality && { reject_low_quality: true }),
    ...(storeImage && { store_image: true }),
    ...(review !== undefined && { review }),
    ...(allCards && { cards: 'all' }),
  };
}
