import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { cacheFolder } from '../../runtime/assets/cache-folder.ts';
import { KNOWN_MODELS } from '../../runtime/models/catalogue.ts';
import { HubError } from '../../runtime/models/hub.ts';
import { planPull, pullModel } from '../../runtime/models/pull-model.ts';
import { verifyModel } from '../../runtime/models/verify-model.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';

export interface PullFlags {
  readonly to?: string;
  readonly revision: string;
}

/** Models that are known to fit, and what lies in the folder of models already. */
export async function listModels(config: Config, output: Output): Promise<ExitCode> {
  const there = new Set(await namesIn(modelsFolder(config)));
  const rows = KNOWN_MODELS.map(({ id, kind, diskBytes, memoryBytes, note }) => ({
    id,
    kind,
    disk_bytes: diskBytes,
    memory_bytes: memoryBytes,
    pulled: there.has(folderName(id)),
    note,
  }));
  if (output.json) await output.print(JSON.stringify(rows));
  else {
    const lines = rows.map((row) => [
      row.id,
      row.kind,
      gigabytes(row.disk_bytes),
      gigabytes(row.memory_bytes),
      row.pulled ? 'yes' : 'no',
      row.note,
    ]);
    await output.print(table([['model', 'kind', 'disk', 'memory', 'pulled', ''], ...lines]));
  }
  return EXIT.ok;
}

/** Fetches a model from the hub or a mirror. */
export async function pullModelFiles(config: Config, id: string, flags: PullFlags, output: Output): Promise<ExitCode> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(id)) throw new CliError(EXIT.usage, `${id} is not the name of a model: owner/name`);
  const folder = flags.to ?? join(modelsFolder(config), folderName(id));
  const token = config.HF_TOKEN;
  const endpoint = config.HF_ENDPOINT.replace(/\/+$/, '');
  const options = { id, revision: flags.revision, folder, endpoint, ...(token && { token }) };
  try {
    const plan = await planPull(options);
    const memory = plan.memoryBytes === null ? '' : `; running it takes about ${gigabytes(plan.memoryBytes)} of memory`;
    output.say(
      `${id}: ${gigabytes(plan.totalBytes)} in ${plan.files.length} files, ${gigabytes(plan.missingBytes)} to fetch, ${gigabytes(plan.freeBytes)} free on disk${memory}`,
    );
    if (plan.missingBytes > plan.freeBytes) throw new CliError(EXIT.failure, 'there is not enough room on this disk');
    await pullModel(plan, options, (path, received, total) =>
      output.progress(() => `${path}  ${gigabytes(received)} of ${gigabytes(total)}`),
    );
    output.endProgress();
    output.say(
      plan.memoryBytes === null
        ? `done. This is a checkpoint: export it with tools/export-qwen3vl, then set VLM_MODEL_DIR to the result`
        : `done. Set VLM_MODEL_DIR=${folder}`,
    );
    await output.print(output.json ? JSON.stringify({ model: id, folder }) : folder);
    return EXIT.ok;
  } catch (error) {
    output.endProgress();
    throw error instanceof HubError ? new CliError(EXIT.unreachable, error.message, { cause: error }) : error;
  }
}

/** Compares a model's files with their checksums. */
export async function verifyModelFiles(config: Config, folder: string | undefined, output: Output): Promise<ExitCode> {
  const chosen = folder ?? config.VLM_MODEL_DIR;
  if (chosen === undefined) throw new CliError(EXIT.usage, 'name a folder, or set VLM_MODEL_DIR');
  const verdicts = await verifyModel(chosen, (path) => output.progress(() => path));
  output.endProgress();
  if (!verdicts) throw new CliError(EXIT.usage, `${chosen} has no manifest.json: there is nothing to compare with`);
  const wrong = verdicts.filter(({ verdict }) => verdict !== 'ok');
  if (output.json) await output.print(JSON.stringify({ folder: chosen, ok: wrong.length === 0, files: verdicts }));
  else if (wrong.length === 0) await output.print(`all ${verdicts.length} files are as they should be`);
  else await output.print(table(wrong.map(({ path, verdict }) => [path, verdict])));
  return wrong.length === 0 ? EXIT.ok : EXIT.failure;
}

function modelsFolder(config: Config): string {
  return join(cacheFolder(config.KTPFLOW_CACHE), 'models');
}

/** A folder name that no other model has. */
function folderName(id: string): string {
  return id.replace('/', '--');
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function gigabytes(bytes: number): string {
  return bytes >= 1e8 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
