import type { Response } from 'express';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import type { ApiContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';
import { begun, sendStream } from '../http/send-stream.ts';

const PAGE = 100;

type ExportContext = Pick<ApiContext, 'database' | 'keyring'>;

interface Asked {
  readonly batch: string | undefined;
  readonly tenant: string;
}

/**
 * Sends the confirmed cards as a `truth.json` of bench/accuracy/cases.ts: by the name that the picture has to have,
 * what a person says that it shows; and beside it, for measuring without pictures, what had been read and how sure it
 * was.
 */
export async function sendTruth(context: ExportContext, response: Response, asked: Asked): Promise<void> {
  const parts = await begun(truthParts(context, asked));
  response.type('application/json');
  await sendStream(response, parts);
}

async function* truthParts(context: ExportContext, { batch, tenant }: Asked): AsyncGenerator<string, void> {
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
      if (!result) continue;
      yield `${separator}\n${JSON.stringify(`${extractionId}.jpg`)}: ${JSON.stringify(truthOf(result))}`;
      separator = ',';
    }
    if (rows.length < PAGE) break;
    after = rows.at(-1)?.extractionId ?? after;
  }
  yield separator === '{' ? '{}\n' : '\n}\n';
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
