import type { ApiClient } from '../api-client.ts';
import { type Batch, batchSchema, isFinal, jobSchema, listSchema } from '../batch-schema.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';
import { progressBar } from '../progress-bar.ts';

const BATCHES = '/v1/ktp/batches';
const EXTRACTIONS = '/v1/ktp/extractions';

/** A batch, an extraction, or the latest batches. */
export async function runStatus(api: ApiClient, id: string | undefined, output: Output): Promise<ExitCode> {
  if (id === undefined) {
    const { data } = await api.get(`${BATCHES}?limit=20`, listSchema(batchSchema));
    if (output.json) await output.print(JSON.stringify(data));
    else await output.print(table([HEADER, ...data.map(rowOf)]));
    return EXIT.ok;
  }
  if (isBatch(id)) return showBatch(await api.get(`${BATCHES}/${id}`, batchSchema), output);
  const job = await api.get(`${EXTRACTIONS}/${idOf(id)}`, jobSchema);
  const error = job.error ? `  ${job.error.code}: ${job.error.message}` : '';
  await output.print(output.json ? JSON.stringify(job) : `${job.id}  ${job.status}${error}`);
  return EXIT.ok;
}

export async function runCancel(api: ApiClient, id: string, output: Output): Promise<ExitCode> {
  if (isBatch(id)) return showBatch(await api.post(`${BATCHES}/${id}/cancel`, batchSchema), output);
  const job = await api.post(`${EXTRACTIONS}/${idOf(id)}/cancel`, jobSchema);
  await output.print(output.json ? JSON.stringify(job) : `${job.id}  ${job.status}`);
  return EXIT.ok;
}

export async function runRetry(api: ApiClient, id: string, output: Output): Promise<ExitCode> {
  const batch = await api.post(`${BATCHES}/${id}/retry`, batchSchema);
  if (isFinal(batch.status)) output.say('no item has failed: there is nothing to read again');
  return showBatch(batch, output);
}

/** Pauses a batch, lets it go on, or seals it. */
export async function runControl(
  api: ApiClient,
  id: string,
  action: 'pause' | 'resume' | 'seal',
  output: Output,
): Promise<ExitCode> {
  return showBatch(await api.post(`${BATCHES}/${id}/${action}`, batchSchema), output);
}

const HEADER = ['BATCH', 'STATUS', 'TOTAL', 'READ', 'REVIEW', 'FAILED', 'LEFT', 'CREATED'];

function rowOf({ id, status, counts, created_at }: Batch): string[] {
  const left = counts.queued + counts.running;
  return [
    id,
    status,
    ...[counts.total, counts.succeeded, counts.needs_review, counts.failed, left].map(String),
    created_at,
  ];
}

async function showBatch(batch: Batch, output: Output): Promise<ExitCode> {
  const { counts, eta_seconds, throughput } = batch;
  const finished = counts.needs_review + counts.succeeded + counts.failed + counts.cancelled;
  const bar = progressBar({
    total: counts.total,
    finished,
    failed: counts.failed,
    throughput,
    etaSeconds: eta_seconds,
  });
  await output.print(output.json ? JSON.stringify(batch) : `${batch.id}  ${batch.status}\n${bar}`);
  return EXIT.ok;
}

/** Before a server is sought. @throws CliError where an id has not the form of one */
export function checkId(id: string, { onlyBatch = false } = {}): void {
  if (onlyBatch && !isBatch(id)) throw new CliError(EXIT.usage, 'this is for a batch: its id begins with batch_');
  if (!isBatch(id)) idOf(id);
}

function isBatch(id: string): boolean {
  return /^batch_[0-9a-f]+$/.test(id);
}

function idOf(id: string): string {
  if (!/^ext_[0-9a-f]+$/.test(id)) throw new CliError(EXIT.usage, 'an id begins with batch_ or ext_');
  return id;
}
