import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { listSchema } from '../batch-schema.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { forTerminal, type Output, table } from '../output.ts';
import { statOf } from '../sources/file-facts.ts';
import { cannotBeWritten } from './batch-results.ts';
import { checkId } from './jobs.ts';

const REVIEWS = '/v1/ktp/reviews';
const TRUTH = 'truth.json';
/** Personal data: for this user alone. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

const reviewSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  fields: z.array(z.string()),
  least_confidence: z.number(),
  expires_at: z.string(),
});
const truthSchema = z.record(z.string().regex(/^ext_[0-9a-f]+\.jpg$/), z.unknown());

export interface ExportOptions {
  /** Only the cards of this batch. */
  readonly batch?: string;
  /** Replace an earlier export. */
  readonly force?: boolean;
}

/** The cards that wait for a person, the least sure first. */
export async function listReviews(api: ApiClient, output: Output): Promise<ExitCode> {
  const { data, has_more } = await api.get(`${REVIEWS}?status=open&limit=100`, listSchema(reviewSchema));
  if (output.json) {
    await output.print(JSON.stringify(data));
    return EXIT.ok;
  }
  const rows = data.map((row) => [row.id, row.least_confidence.toFixed(2), row.fields.join(' '), row.expires_at]);
  await output.print(table([['EXTRACTION', 'SURE', 'IN DOUBT', 'UNTIL'], ...rows]));
  if (has_more) output.say('and more');
  return EXIT.ok;
}

/** Before a server is sought. @throws CliError where an export would replace an earlier one */
export async function checkExport(folder: string, { batch, force }: ExportOptions): Promise<void> {
  if (batch !== undefined) checkId(batch, { onlyBatch: true });
  const truth = join(folder, TRUTH);
  // What it names may have expired on the server meanwhile: it is nowhere else.
  if (!force && (await statOf(truth).catch(() => null))) {
    throw new CliError(EXIT.usage, `${forTerminal(truth)} is there already; --force replaces it`);
  }
}

/** Writes the confirmed cards as a truth.json, and the pictures that are still kept beside it. */
export async function exportReviews(
  api: ApiClient,
  folder: string,
  batch: string | undefined,
  output: Output,
): Promise<ExitCode> {
  const query = batch === undefined ? '' : `?batch=${encodeURIComponent(batch)}`;
  const truth = await api.get(`${REVIEWS}/export${query}`, truthSchema);
  const write = (name: string, content: string | Uint8Array) =>
    writeFile(join(folder, name), content, { mode: PRIVATE_FILE }).catch((error: unknown) => {
      throw cannotBeWritten(join(folder, name), error);
    });
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER }).catch((error: unknown) => {
    throw cannotBeWritten(folder, error);
  });
  await write(TRUTH, `${JSON.stringify(truth, null, 1)}\n`);
  const names = Object.keys(truth);
  let pictures = 0;
  for (const name of names) {
    const picture = await pictureOf(api, name.replace('.jpg', ''));
    if (!picture) continue;
    await write(name, picture);
    pictures++;
  }
  output.say(`${names.length} confirmed cards, ${pictures} with a picture: ${folder}`);
  return EXIT.ok;
}

/** null: it was not kept. */
async function pictureOf(api: ApiClient, id: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await (await api.getStream(`${REVIEWS}/${id}/picture`)).arrayBuffer());
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
