import { z } from 'zod';
import { pageQuerySchema } from '../http/pagination.ts';

const NIK = /^\d{16}$/;

export const searchSchema = z
  .strictObject({
    nik: z.string().regex(NIK, 'Must be 16 digits.').describe('In the body, so that it stands in no log of URLs.'),
    tenant: z.string().min(1).max(128).nullish().describe('Only the records of this tenant.'),
    limit: z.number().int().min(1).max(100).nullish().describe('1-100, default 20.'),
    cursor: z.string().max(256).nullish().describe('`next_cursor` of the page before.'),
  })
  .meta({ id: 'SubjectSearch' });

const accessSchema = z.object({
  at: z.iso.datetime(),
  action: z.string().describe('For example `extraction.create`, `extraction.read`, `batch.read`.'),
  key: z.string().describe('Id of the key that was used; `anonymous` where none was needed.'),
  record: z.string().describe('The record itself, or the batch that it is an item of.'),
  request_id: z.string().nullable(),
});

export const subjectRecordSchema = z
  .object({
    record: z.string(),
    kind: z.enum(['extraction', 'answer']),
    tenant: z.string(),
    batch_id: z.string().nullable(),
    created_at: z.iso.datetime(),
    status: z.enum(['kept', 'erased']),
    expires_at: z.iso.datetime().nullable().describe('When it goes by itself; null where it is gone.'),
    erased_at: z.iso.datetime().nullable(),
    certificate: z.string().nullable().describe('Path of the certificate, where it was erased on demand.'),
    accesses: z.array(accessSchema).describe('Oldest first, at most 1,000.'),
    accesses_truncated: z.boolean(),
  })
  .meta({ id: 'SubjectRecord' });

/** An entry of the access log of all tenants. */
export const accessLogEntrySchema = accessSchema.extend({ tenant: z.string() }).meta({ id: 'AccessLogEntry' });

export const accessLogQuerySchema = pageQuerySchema.extend({
  format: z
    .enum(['ndjson', 'list'])
    .default('ndjson')
    .describe('ndjson: everything, oldest first; list: a page, newest first, by limit and cursor.'),
  key: z.string().max(128).optional().describe('Only what was done with the key of this id.'),
  action: z.string().max(64).optional().describe('Only this action, for example `extraction.read`.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Entries from then on.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Entries before then.'),
  record: z.string().max(128).optional().describe('Only entries about this record.'),
});
