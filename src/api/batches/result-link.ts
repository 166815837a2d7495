import { timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Keyring } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { requestState } from '../http/request-state.ts';
import { BATCHES_PATH } from './render-batch.ts';
import { RESULT_FORMATS } from './request-schema.ts';

const DEFAULT_SECONDS = 60 * 60;
const MOST_SECONDS = 7 * 24 * 60 * 60;

/** JSON body of POST /v1/ktp/batches/{id}/results/link. */
export const linkRequestSchema = z
  .strictObject({
    format: z.enum(RESULT_FORMATS).nullish().describe('Default: ndjson.'),
    expires_in_seconds: z
      .number()
      .int()
      .min(1)
      .max(MOST_SECONDS)
      .nullish()
      .describe(`Default: ${DEFAULT_SECONDS}; at most ${MOST_SECONDS}.`),
  })
  .meta({ id: 'ResultLinkRequest' });

export const linkSchema = z
  .object({
    object: z.literal('ktp.result_link'),
    url: z.string().describe('Path with query: whoever has it can fetch the results, without a key.'),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'ResultLink' });

/** What a link lets its bearer do. */
interface Grant {
  readonly tenant: string;
  readonly batchId: string;
  readonly format: string;
  /** Unix seconds. */
  readonly expires: number;
}

/** What a link has in its query beside the format. */
export const LINK_PARAMETERS: readonly string[] = ['expires', 'signature'];

const signedQuerySchema = z.object({
  format: z.string(),
  expires: z.string().regex(/^\d{1,12}$/),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A link to the results of a batch; it ends with its time, or with the batch. */
export function makeResultLink(
  keyring: Keyring,
  batch: { readonly id: string; readonly tenant: string },
  asked: z.infer<typeof linkRequestSchema>,
): z.infer<typeof linkSchema> {
  const format = asked.format ?? 'ndjson';
  const expires = Math.floor(Date.now() / 1000) + (asked.expires_in_seconds ?? DEFAULT_SECONDS);
  const signature = sign(keyring, { tenant: batch.tenant, batchId: batch.id, format, expires });
  const query = new URLSearchParams({ format, expires: String(expires), signature });
  return {
    object: 'ktp.result_link',
    url: `${BATCHES_PATH}/${batch.id}/results?${query}`,
    expires_at: new Date(expires * 1000).toISOString(),
  };
}

/**
 * Lets bearers of a signed link through to the results of its batch as `link`, and everybody else to `otherwise`. A
 * batch that was erased, and one that has expired, is as unknown as ever.
 */
export function byLinkOr(
  { database, keyring }: Pick<RouteContext, 'database' | 'keyring'>,
  otherwise: RequestHandler,
): RequestHandler {
  return async (request, response, next) => {
    if (request.query.signature === undefined) {
      await otherwise(request, response, next);
      return;
    }
    const query = signedQuerySchema.safeParse(request.query);
    const batchId = String(request.params.id);
    const row = await database.batch.findUnique({ where: { id: batchId }, select: { tenant: true } });
    if (!query.success || !row) throw invalidLink();
    const { expires, format, signature } = query.data;
    const known = sign(keyring, { tenant: row.tenant, batchId, format, expires: Number(expires) });
    const isOurs = timingSafeEqual(Buffer.from(known), Buffer.from(signature));
    if (!isOurs || Number(expires) * 1000 <= Date.now()) throw invalidLink();
    const caller: Caller = { tenant: row.tenant, actor: 'link', scopes: new Set() };
    requestState(response).caller = caller;
    next();
  };
}

function sign(keyring: Keyring, { batchId, expires, format, tenant }: Grant): string {
  return keyring.hmac('result link', tenant, batchId, format, String(expires));
}

function invalidLink(): KtpflowError {
  return new KtpflowError('invalid_api_key', 'The link is not valid, or has expired.');
}
