import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { askSilently } from '../ask-silently.ts';
import { listSchema } from '../batch-schema.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';

const SEARCH = '/v1/admin/subjects/search';
const ACCESS_LOG = '/v1/admin/access-log';

const recordSchema = z.looseObject({
  record: z.string(),
  tenant: z.string(),
  status: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  erased_at: z.string().nullable(),
  accesses: z.array(z.looseObject({ at: z.string(), action: z.string(), key: z.string() })),
});
type Page = z.infer<ReturnType<typeof listSchema<typeof recordSchema>>>;

/**
 * Which records concern the holder of a NIK, for a data subject's request. The NIK comes from stdin or the terminal: what
 * stands on a command line is seen by every user of the machine and kept by the shell.
 */
export async function runSubject(api: ApiClient, tenant: string | undefined, output: Output): Promise<ExitCode> {
  const nik = await readNik();
  const records: z.infer<typeof recordSchema>[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const json = { nik, limit: 100, ...(tenant !== undefined && { tenant }), ...(cursor && { cursor }) };
    const page: Page = await api.post(SEARCH, listSchema(recordSchema), { json });
    records.push(...page.data);
    cursor = page.next_cursor;
  }
  if (output.json) for (const record of records) await output.print(JSON.stringify(record));
  else if (records.length === 0) output.say('no record of that NIK');
  else {
    const rows = records.flatMap(({ accesses, ...record }) => [
      [record.record, record.tenant, record.created_at, stateOf(record)],
      ...accesses.map(({ action, at, key }) => ['', '', at, `${action} by ${key}`]),
    ]);
    await output.print(table([['RECORD', 'TENANT', 'TIME', 'WHAT'], ...rows]));
  }
  return EXIT.ok;
}

function stateOf({ erased_at, expires_at, status }: Pick<Page['data'][number], 'status' | 'erased_at' | 'expires_at'>) {
  return status === 'kept' ? `kept until ${expires_at}` : `erased at ${erased_at}`;
}

/** @throws CliError where it is no NIK; what was typed is not repeated */
async function readNik(): Promise<string> {
  const given = process.stdin.isTTY ? await askSilently('NIK: ') : await text(process.stdin);
  const nik = given.replaceAll(/[\s.-]/g, '');
  if (/^\d{16}$/.test(nik)) return nik;
  throw new CliError(EXIT.usage, 'a NIK has 16 digits: give it on stdin, or type it when you are asked');
}

/** Prints the access log as JSON lines. */
export async function runAccessLog(
  api: ApiClient,
  { since, until }: { readonly since?: string; readonly until?: string },
  output: Output,
): Promise<ExitCode> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ since, until }))
    if (value !== undefined) query.set(name, momentOf(name, value));
  const response = await api.getStream(`${ACCESS_LOG}?${query}`);
  if (!response.body) return EXIT.ok;
  let rest = '';
  for await (const chunk of Readable.fromWeb(response.body).setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) await output.print(lines.join('\n'));
  }
  return EXIT.ok;
}

/** @throws CliError */
function momentOf(name: string, given: string): string {
  const moment = new Date(given);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new CliError(EXIT.usage, `--${name} ${given}: give a date, as 2030-12-31 or 2030-12-31T18:00:00+07:00`);
}
