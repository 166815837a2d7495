import { once } from 'node:events';
import type { Response } from 'express';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import type { ApiContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';

const PAGE = 100;

/**
 * Sends the confirmed cards as a `truth.json` of bench/accuracy/cases.ts: by the name that the picture has to have,
 * what a person says that it shows; and beside it, for measuring without pictures, what had been read and how sure it
 * was. Page by page, as fast as it is read.
 */
export async function sendTruth(
  context: Pick<ApiContext, 'database' | 'keyring'>,
  response: Response,
  { batch, tenant }: { readonly batch: string | undefined; readonly tenant: string },
): Promise<void> {
  response.type('application/json');
  let after = '';
  let separator = '{';
  for (;;) {
    const rows = await context.database.review.findMany({
      where: {
        tenant,
        outcome: 'confirmed',
        extractionId: { gt: after },
        extraction: { status: 'succeeded', expiresAt: { gt: new Date() } },
        ...(batch !== undefined && { batchId: batch }),
      },
      include: { extraction: true },
      orderBy: { extractionId: 'asc' },
      take: PAGE,
    });
    for (const { extraction, extractionId } of rows) {
      const result = resultOf(context, extraction);
      if (!result || response.closed) continue;
      const text = `${separator}\n${JSON.stringify(`${extractionId}.jpg`)}: ${JSON.stringify(truthOf(result))}`;
      separator = ',';
      if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    if (rows.length < PAGE || response.closed) break;
    after = rows.at(-1)?.extractionId ?? after;
  }
  response.end(separator === '{' ? '{}\n' : '\n}\n');
}

/** Fields in the compatible shape, flat. */
function truthOf({ compat, fields }: KtpResult) {
  const { alamat, ...rest } = compat;
  const { kecamatan, kel_desa, name, rt_rw } = alamat;
  const read = FIELD_NAMES.map((field) => {
    const { confidence, first, value } = fields[field];
    return [field, { value: first ? first.value : value, confidence: first ? first.confidence : confidence }];
  });
  return { fields: { ...rest, alamat: name, rt_rw, kel_desa, kecamatan }, read: Object.fromEntries(read) };
}
