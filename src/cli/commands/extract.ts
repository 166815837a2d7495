import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FormData } from 'undici';
import type { ApiClient, SendOptions } from '../api-client.ts';
import { isFinal, type Job, jobSchema } from '../batch-schema.ts';
import { ApiError, EXIT, type ExitCode } from '../exit-codes.ts';
import { forTerminal, type Output, table } from '../output.ts';
import type { BatchOptions } from '../sources/batch-body.ts';
import { isUrl } from '../sources/manifest.ts';
import { openFile } from '../sources/open-file.ts';

const PATH = '/v1/ktp/extractions';
/** Enough to keep two cores busy. */
const AT_ONCE = 4;

interface Read {
  readonly file: string;
  readonly job: Job;
}

/** Reads single cards: one file as a list of its fields, several as a table, or a line of JSON each. */
export async function runExtract(
  api: ApiClient,
  files: readonly string[],
  options: BatchOptions,
  output: Output,
): Promise<ExitCode> {
  const reads: Read[] = new Array(files.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const index = next++;
      const file = files[index] ?? '';
      reads[index] = { file, job: await extract(api, file, options) };
      if (files.length > 1) output.progress(`${++done}/${files.length}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  output.endProgress();
  await show(reads, output);
  return reads.every(({ job }) => job.status === 'succeeded') ? EXIT.ok : EXIT.someFailed;
}

async function extract(api: ApiClient, file: string, options: BatchOptions): Promise<Job> {
  let job: Job;
  try {
    job = await api.post(`${PATH}?wait=60`, jobSchema, await bodyOf(file, options));
  } catch (error) {
    // What is wrong with one picture must not keep the others from being read.
    if (!(error instanceof ApiError) || error.exitCode !== EXIT.usage) throw error;
    return { id: '', status: 'failed', error: { code: error.code, message: error.message }, result: null };
  }
  while (!isFinal(job.status)) job = await api.get(`${PATH}/${job.id}?wait=60`, jobSchema);
  return job;
}

async function bodyOf(file: string, options: BatchOptions): Promise<SendOptions> {
  if (isUrl(file)) return { json: { image_url: file, options } };
  const form = new FormData();
  form.append('options', JSON.stringify(options));
  if (file === '-') form.append('image', new Blob([await buffer(process.stdin)]), 'stdin');
  else form.append('image', await openFile(file), basename(file));
  return { body: form };
}

async function show(reads: readonly Read[], output: Output): Promise<void> {
  if (output.json) {
    for (const { file, job } of reads) await output.print(JSON.stringify({ file, ...job }));
    return;
  }
  const [only] = reads;
  if (reads.length === 1 && only?.job.result) {
    await output.print(table(flatten(only.job.result.compat)));
    return;
  }
  const rows = reads.map(({ file, job }) => {
    const card = job.result?.compat;
    return [file, job.error?.code ?? job.status, card?.nik ?? '', card?.nama ?? '', card?.tgl_lahir ?? ''];
  });
  await output.print(table([['FILE', 'STATUS', 'NIK', 'NAMA', 'TGL LAHIR'], ...rows]));
}

function flatten(card: Record<string, unknown>): [string, string][] {
  return Object.entries(card).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null
      ? flatten(value as Record<string, unknown>).map(([inner, text]) => [inner === 'name' ? name : inner, text])
      : [[name, forTerminal(String(value))]],
  );
}
