import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Keyring } from '../../encryption/keyring.ts';
import type { Erasure } from '../../storage/generated/client.ts';

export const ERASURES_PATH = '/v1/erasures';

const count = z.number().int().min(0);

const statementSchema = z.object({
  type: z.literal('ktpflow.erasure/1'),
  record: z.string().describe('Id of the erased extraction or batch.'),
  kind: z.enum(['extraction', 'batch']),
  erased_at: z.iso.datetime(),
  erased_by: z.string().describe('Id of the key that asked for it.'),
  counts: z.object({
    records: count.describe('Rows with their results and data keys.'),
    images: count.describe('Images and archives that were still kept.'),
    histories: count.describe('Histories that Temporal was told to delete; it does so within seconds.'),
    deliveries: count.describe('Notices to webhooks.'),
  }),
  records_sha256: z.string().describe('SHA-256 of the sorted ids of the erased records, joined by line feeds.'),
});
type Statement = z.infer<typeof statementSchema>;

export const certificateSchema = statementSchema
  .extend({
    object: z.literal('erasure.certificate'),
    signature: z.object({
      algorithm: z.literal('Ed25519'),
      public_key: z.string().describe('PEM; the same for all certificates of an installation.'),
      signed: z.string().describe('The statement as it was signed.'),
      value: z.string().describe('Base64.'),
    }),
  })
  .meta({ id: 'ErasureCertificate' });

/** What was erased; `records` are the ids of extractions. */
export interface Erased {
  readonly record: string;
  readonly kind: Statement['kind'];
  readonly tenant: string;
  readonly actor: string;
  readonly records: readonly string[];
  readonly images: number;
  readonly histories: number;
  readonly deliveries: number;
}

/** The row of a certificate, to be written in the transaction that erases. Nothing of a person stands in it. */
export function erasureRow(keyring: Keyring, erased: Erased): Omit<Erasure, 'createdAt'> & { createdAt: Date } {
  const { actor, deliveries, histories, images, kind, record, records, tenant } = erased;
  const createdAt = new Date();
  const statement = JSON.stringify({
    type: 'ktpflow.erasure/1',
    record,
    kind,
    erased_at: createdAt.toISOString(),
    erased_by: actor,
    counts: { records: records.length, images, histories, deliveries },
    records_sha256: createHash('sha256').update(records.toSorted().join('\n')).digest('hex'),
  } satisfies Statement);
  return { record, tenant, actor, statement, signature: keyring.signer.sign(statement), createdAt };
}

/** What a caller is shown; a row that was changed by hand no longer fits its signature. */
export function renderCertificate(
  keyring: Keyring,
  { signature, statement }: Erasure,
): z.infer<typeof certificateSchema> {
  return {
    object: 'erasure.certificate',
    ...statementSchema.parse(JSON.parse(statement)),
    signature: {
      algorithm: 'Ed25519',
      public_key: keyring.signer.publicKey,
      signed: statement,
      value: signature,
    },
  };
}

/** Tells where the certificate is: the erased record itself answers 404 from now on. */
export function certificateLink(record: string): string {
  return `<${ERASURES_PATH}/${record}>; rel="describedby"`;
}
