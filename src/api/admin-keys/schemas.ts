import { z } from 'zod';
import { SCOPES } from '../../config.ts';
import type { ApiKey } from '../../storage/generated/client.ts';

const scopeSchema = z.enum(SCOPES);

export const createKeySchema = z
  .strictObject({
    scopes: z.array(scopeSchema).min(1).max(4),
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,128}$/, 'Must be 1-128 of A-Z a-z 0-9 . _ -')
      .nullish()
      .describe('Owner of what is created with the key. Default: a tenant of its own.'),
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^\P{Cc}*$/u, 'Must not contain control characters.')
      .nullish()
      .describe('To recognise the key by.'),
    expires_at: z.iso
      .datetime({ offset: true, error: 'Must be a time with its zone, as 2030-12-31T18:00:00+07:00.' })
      .refine((text) => new Date(text) > new Date(), 'Must be in the future.')
      .nullish(),
  })
  .meta({ id: 'ApiKeyRequest' });

const keyShape = {
  id: z.string(),
  object: z.literal('api_key'),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(scopeSchema),
  prefix: z.string().describe('First characters of the key.'),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
};

export const keySchema = z.object(keyShape).meta({ id: 'ApiKey' });
export const shownKeySchema = z
  .object({ ...keyShape, key: z.string().describe('The key itself: shown once, kept as a hash only.') })
  .meta({ id: 'ApiKeyWithSecret' });

export const createdKeySchema = shownKeySchema
  .extend({
    ends_anonymous_access: z
      .boolean()
      .describe('Whether this is the first key: from now on callers without a key get 401, also on this machine.'),
  })
  .meta({ id: 'CreatedApiKey' });

/** A key as lists show it. */
export function renderKey(row: ApiKey): z.infer<typeof keySchema> {
  return {
    id: row.id,
    object: 'api_key',
    name: row.name,
    tenant: row.tenant,
    scopes: z.array(scopeSchema).parse(row.scopes),
    prefix: row.prefix,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
  };
}
