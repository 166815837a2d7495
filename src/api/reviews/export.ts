import type { Response } from 'express';
import { z } from 'zod';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import { parseIsoDate, toPrintedDate } from '../../ktp/rules/dates.ts';
import type { KtpResult } from '../../ktp/schema.ts';
import type { Requester } from '../access/access-log.ts';
import type { RouteContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';
import { begun, sendStream } from '../http/send-stream.ts';

const PAGE = 100;

type ExportContext = Pick<RouteContext, 'accessLog' | 'database' | 'keyring'>;

interface Asked {
  readonly batch: string | undefined;
  /** Whose request it is, for the access log. */
  readonly by: Requester;
}

/**
 * Sends the confirmed cards as a `truth.json` of bench/accuracy/cases.ts: by the name that the picture has to have,
 * what a person says that it shows; and beside it, for measuring without pictures, what had been read, how sure it was,
 * and whether the person was asked to look at it.
 */
export async function sendTruth(context: ExportContext, response: Response, asked: Asked): Promise<void> {
  const parts = await begun(truthParts(context, asked));
  response.type('application/json');
  await sendStream(response, parts);
}

async function* truthParts(context: ExportContext, { batch, by }: Asked): AsyncGenerator<string, void> {
  const { tenant } = by.caller;
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
    // Of a batch its own entry is enough: each of its cards is told of it.
    if (batch === undefined) {
      const shown = rows.map(({ extractionId }) => extractionId);
      await context.accessLog.writeAll({ ...by, action: 'review.export' }, shown);
    }
    for (const { extraction, extractionId, fields } of rows) {
      const result = resultOf(context, extraction);
      if (!result) continue;
      const seen = isWholeSeen(extraction.options) ? FIELD_NAMES : fields;
      yield `${separator}\n${JSON.stringify(`${extractionId}.jpg`)}: ${JSON.stringify(truthOf(result, seen))}`;
      separator = ',';
    }
    if (rows.length < PAGE) break;
    after = rows.at(-1)?.extractionId ?? after;
  }
  yield separator === '{' ? '{}\n' : '\n}\n';
}

const wholeSchema = z.object({ review: z.object({ mode: z.literal('always') }) });

/** Of a card that everybody has to look at all fields count as seen; else those that were in doubt. */
function isWholeSeen(options: unknown): boolean {
  return wholeSchema.safeParse(options).success;
}

/** Fields in the compatible shape, flat. */
function truthOf({ compat, fields }: KtpResult, seen: readonly string[]) {
  const { alamat, ...rest } = compat;
  const { kecamatan, kel_desa, name, rt_rw } = alamat;
  const read = FIELD_NAMES.map((field) => {
    const { confidence, source, value } = fields[field].first ?? fields[field];
    return [field, { value, confidence, source, seen: seen.includes(field) }];
  });
  return {
    fields: { ...rest, alamat: name, rt_rw, kel_desa, kecamatan, ...issueOf(fields) },
    read: Object.fromEntries(read),
  };
}

/** The compatible shape has no place and date of issue; where they were not read, a card may still show them. */
function issueOf({ tempat_terbit, tgl_terbit }: KtpResult['fields']) {
  const date = parseIsoDate(tgl_terbit.value ?? '');
  return {
    ...(tempat_terbit.value !== null && { tempat_terbit: tempat_terbit.value }),
    ...(date && { tgl_terbit: toPrintedDate(date) }),
  };
}
