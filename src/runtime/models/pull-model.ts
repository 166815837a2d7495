import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RECORD_FILE } from '../../inference/onnx-qwen3vl/recorded-files.ts';
import { httpDownload } from '../assets/http-download.ts';
import { sha256Of } from '../assets/verify.ts';
import { chooseFiles } from './choose-files.ts';
import { fileUrl, HubError, type HubFile, type HubOptions, hubHeaders, listFiles, unreachable } from './hub.ts';

export interface PullPlan {
  readonly files: readonly HubFile[];
  /** Of all files, and of those that are not there yet. */
  readonly totalBytes: number;
  readonly missingBytes: number;
  readonly freeBytes: number;
  /** Of an export: about what the inference process takes while it answers; null for a checkpoint. */
  readonly memoryBytes: number | null;
}

export interface PullOptions extends HubOptions {
  readonly id: string;
  readonly revision: string;
  readonly folder: string;
}

/** Caches, activations and the runtime itself, besides the weights. */
const MEMORY_OVERHEAD_BYTES = 1.2e9;

/** Asks the hub what is to be fetched. @throws HubError */
export async function planPull(options: PullOptions): Promise<PullPlan> {
  const files = chooseFiles(await listFiles(options.id, options.revision, options));
  if (!files.some(({ path }) => /\.(onnx|safetensors)$/.test(path))) {
    throw new HubError(`${options.id} holds neither a checkpoint nor an ONNX export`);
  }
  await mkdir(options.folder, { recursive: true });
  const { bavail, bsize } = await statfs(options.folder);
  const totalBytes = sum(files);
  let missingBytes = totalBytes;
  for (const { path, bytes } of files) {
    const target = join(options.folder, path);
    missingBytes -= Math.min(bytes, (await sizeOf(target)) || (await sizeOf(`${target}.part`)));
  }
  const graphs = files.filter(({ path }) => path.includes('.onnx'));
  const memoryBytes = graphs.length > 0 ? sum(graphs) + MEMORY_OVERHEAD_BYTES : null;
  return { files, totalBytes, missingBytes, freeBytes: bavail * bsize, memoryBytes };
}

/**
 * Fetches what is not there yet, going on where an earlier attempt was cut off, and checks every file; a wrong one is
 * fetched anew, once.
 * @throws HubError; the folder keeps what is whole
 */
export async function pullModel(
  { files }: PullPlan,
  options: PullOptions,
  onProgress: (path: string, receivedBytes: number, totalBytes: number) => void,
): Promise<void> {
  const record: Record<string, { bytes: number; sha256: string }> = {};
  for (const file of files) {
    const target = join(options.folder, file.path);
    const report = (received: number): void => onProgress(file.path, received, file.bytes);
    if (!(await isWhole(target, file))) await fetchFile(file, target, options, report);
    record[file.path] = { bytes: file.bytes, sha256: await sha256Of(target) };
  }
  const about = { model: options.id, revision: options.revision, files: record };
  await writeFile(join(options.folder, RECORD_FILE), `${JSON.stringify(about, null, 1)}\n`);
}

async function fetchFile(
  file: HubFile,
  target: string,
  options: PullOptions,
  report: (received: number) => void,
): Promise<void> {
  const part = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  const url = fileUrl(options.id, options.revision, file.path, options);
  for (let attempt = 1; ; attempt++) {
    await httpDownload(url, part, report, hubHeaders(options)).catch((cause: unknown) => {
      const detail = cause instanceof Error && /^HTTP \d+$/.test(cause.message) ? cause.message : null;
      throw new HubError(detail ? `${file.path}: ${detail}` : unreachable(options.endpoint), { cause });
    });
    if (await isWhole(part, file)) break;
    await rm(part, { force: true });
    if (attempt === 2) throw new HubError(`${file.path} is not what the hub says it is: its checksum is wrong`);
  }
  await rename(part, target);
}

async function isWhole(path: string, { bytes, checksum }: HubFile): Promise<boolean> {
  if ((await sizeOf(path)) !== bytes) return false;
  return (checksum.kind === 'sha256' ? await sha256Of(path) : await gitHashOf(path, bytes)) === checksum.hex;
}

/** Git's name of a blob. */
async function gitHashOf(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha1').update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function sum(files: readonly HubFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
