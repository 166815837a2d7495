import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { listSchema } from '../batch-schema.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';

const REVIEWS = '/v1/ktp/reviews';
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

/** Writes the confirmed cards as a truth.json, and the pictures that are still kept beside it. */
export async function exportReviews(
  api: ApiClient,
  folder: string,
  batch: string | undefined,
  output: Output,
): Promise<ExitCode> {
  const query = batch === undefined ? '' : `?batch=${encodeURIComponent(batch)}`;
  const truth = await api.get(`${REVIEWS}/export${query}`, truthSchema);
  try {
    await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
    await writeFile(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`, { mode: PRIVATE_FILE });
  } catch (error) {
    throw new CliError(EXIT.usage, `${folder} cannot be written`, { cause: error });
  }
  const names = Object.keys(truth);
  let pictures = 0;
  for (const name of names) {
    const picture = await pictureOf(api, name.replace('.jpg', ''));
    if (!picture) continue;
    await writeFile(join(folder, name), picture, { mode: PRIVATE_FILE });
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
