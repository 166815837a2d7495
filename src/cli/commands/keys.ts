import { z } from 'zod';
import { SCOPES } from '../../config.ts';
import type { ApiClient } from '../api-client.ts';
import { listSchema } from '../batch-schema.ts';
import { ApiError, CliError, EXIT, type ExitCode } from '../exit-codes.ts';
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
const shownKeySchema = keySchema.extend({
  key: z.string(),
  /** Of the first key: from now on nobody is served without one. */
  ends_anonymous_access: z.boolean().optional(),
});
/** Which option a refusal of the server is about. */
const OPTIONS: Readonly<Record<string, string>> = { tenant: '--tenant', name: '--name', expires_at: '--expires' };
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** As it is typed. */
export interface NewKeyOptions {
  /** Comma-separated. */
  readonly scopes: string;
  readonly tenant?: string;
  readonly name?: string;
  readonly expires?: string;
}

interface NewKey {
  readonly scopes: readonly string[];
  readonly tenant: string | undefined;
  readonly name: string | undefined;
  readonly expires_at: string | undefined;
}

/** Before a server is sought or started. @throws CliError */
export function checkNewKey({ expires, name, scopes: list, tenant }: NewKeyOptions): NewKey {
  const scopes = list.split(/[,+]/).map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (unknown !== undefined) {
    throw new CliError(EXIT.usage, `--scopes ${list}: there are ${SCOPES.join(', ')}, comma-separated`);
  }
  return { scopes, tenant, name, expires_at: expires === undefined ? undefined : momentOf(expires) };
}

export async function createKey(api: ApiClient, json: NewKey, output: Output): Promise<ExitCode> {
  const key = await api.post(PATH, shownKeySchema, { json }).catch((error: unknown) => {
    const option = error instanceof ApiError ? OPTIONS[error.param ?? ''] : undefined;
    throw option && error instanceof ApiError ? new CliError(EXIT.usage, `${option}: ${error.reason}`) : error;
  });
  return showKey(key, output);
}

/** Before a server is sought or started. @throws CliError where an id has not the form of one */
export function checkKeyId(id: string): void {
  if (!/^key_\w+$/.test(id)) throw new CliError(EXIT.usage, 'the id of a key begins with key_: ktpflow keys list');
}

/** A date means its beginning in this machine's time zone. @throws CliError */
function momentOf(text: string): string {
  const moment = new Date(DATE.test(text) ? `${text}T00:00` : text);
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].+)?$/.exec(text) ?? [];
  // Date takes the 30th of February for the 2nd of March.
  const isDay = Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (isDay && !Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new CliError(EXIT.usage, `--expires ${text}: give a date, as 2030-12-31 or 2030-12-31T18:00:00+07:00`);
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
  const until = key.expires_at === null ? '' : ` until ${key.expires_at}`;
  output.say(`${key.id}: ${key.scopes.join('+')} of ${key.tenant}${until}; the key is shown only now`);
  if (key.ends_anonymous_access) output.say('it is the first key: from now on nobody is served without one');
  await output.print(output.json ? JSON.stringify(key) : key.key);
  return EXIT.ok;
}
