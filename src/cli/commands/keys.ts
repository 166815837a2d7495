import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { listSchema } from '../batch-schema.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';

const PATH = '/v1/admin/keys';

const keySchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(z.string()),
  prefix: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
});
const shownKeySchema = keySchema.extend({ key: z.string() });

export interface NewKey {
  readonly scopes: readonly string[];
  readonly tenant: string | undefined;
  readonly name: string | undefined;
  readonly expires: string | undefined;
}

export async function createKey(
  api: ApiClient,
  { scopes, tenant, name, expires }: NewKey,
  output: Output,
): Promise<ExitCode> {
  const json = { scopes, tenant, name, expires_at: expires };
  return showKey(await api.post(PATH, shownKeySchema, { json }), output);
}

export async function rotateKey(api: ApiClient, id: string, output: Output): Promise<ExitCode> {
  return showKey(await api.post(`${PATH}/${encodeURIComponent(id)}/rotate`, shownKeySchema), output);
}

export async function revokeKey(api: ApiClient, id: string, output: Output): Promise<ExitCode> {
  await api.send('DELETE', `${PATH}/${encodeURIComponent(id)}`);
  output.say(`${id} is revoked`);
  return EXIT.ok;
}

export async function listKeys(api: ApiClient, output: Output): Promise<ExitCode> {
  const keys: z.infer<typeof keySchema>[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: z.infer<ReturnType<typeof listSchema<typeof keySchema>>> = await api.get(
      `${PATH}?limit=100${query}`,
      listSchema(keySchema),
    );
    keys.push(...page.data);
    cursor = page.next_cursor;
  }
  if (output.json) await output.print(JSON.stringify(keys));
  else {
    const rows = keys.map((key) => [
      key.id,
      key.prefix,
      key.scopes.join('+'),
      key.tenant,
      key.name,
      key.created_at,
      key.expires_at ?? 'never',
    ]);
    await output.print(table([['ID', 'KEY', 'SCOPES', 'TENANT', 'NAME', 'CREATED', 'EXPIRES'], ...rows]));
  }
  return EXIT.ok;
}

/** The key goes to stdout alone, so that a script can catch it. */
async function showKey(key: z.infer<typeof shownKeySchema>, output: Output): Promise<ExitCode> {
  output.say(`${key.id}: ${key.scopes.join('+')} of ${key.tenant}; the key is shown only now`);
  await output.print(output.json ? JSON.stringify(key) : key.key);
  return EXIT.ok;
}
