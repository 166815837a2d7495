import { distinct } from '../batch/cards.ts';
import type { KnownCard, Outcome } from './cards.ts';
import type { Client } from './client.ts';

const ITEMS = 6;

interface Batch {
  readonly id: string;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

interface Row {
  readonly index: number;
  readonly status: string;
  readonly result: { readonly compat: unknown } | null;
}

/** Hands in a batch, follows it, and compares every row. Right: counts that add up at each look, each item once. */
export async function batch(client: Client, cards: readonly KnownCard[], key: string): Promise<Outcome> {
  const items = Array.from({ length: ITEMS }, (_, index) => cards[index % cards.length]).filter(
    (card) => card !== undefined,
  );
  const form = () => {
    const body = new FormData();
    for (const [index, { jpeg }] of items.entries()) {
      const bytes = new Uint8Array(distinct(jpeg, index));
      body.append('images', new Blob([bytes], { type: 'image/jpeg' }), `${index}.jpg`);
    }
    return { method: 'POST', headers: { 'idempotency-key': key }, body };
  };
  try {
    let now = await client.json<Batch>('/v1/ktp/batches', form, [200, 202]);
    const { id } = now;
    for (let finished = 0; now.status !== 'completed'; ) {
      now = await client.json<Batch>(`/v1/ktp/batches/${id}?wait=20`);
      const { total = 0, ...parts } = now.counts;
      const sum = Object.values(parts).reduce((one, other) => one + other, 0);
      if (total !== ITEMS || sum !== total) return surprise(client, 'the counts of a batch do not add up', now);
      const ended = (parts.succeeded ?? 0) + (parts.failed ?? 0);
      if (ended < finished) return surprise(client, 'a batch went backwards', now);
      finished = ended;
      if (now.status === 'failed' || now.status === 'cancelled')
        return surprise(client, 'a batch has not completed', now);
    }
    if (now.counts.succeeded !== ITEMS) return surprise(client, 'items of a batch have failed', now);
    const rows = await rowsOf(client, id);
    if (rows.length > ITEMS) return 'doubled';
    if (rows.length < ITEMS || rows.some((row, index) => row.index !== index)) return 'lost';
    return rows.every((row, index) => JSON.stringify(row.result?.compat) === items[index]?.reading) ? 'right' : 'wrong';
  } catch (error) {
    client.surprises.push(String(error));
    return 'lost';
  }
}

/** A download that breaks is begun anew. */
async function rowsOf(client: Client, id: string): Promise<Row[]> {
  for (;;) {
    const response = await client.patiently(`/v1/ktp/batches/${id}/results?format=ndjson`);
    const text = await response.text().catch(() => undefined);
    if (response.status !== 200) throw new Error(`results: ${response.status} ${text}`);
    if (text?.endsWith('\n'))
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
  }
}

function surprise(client: Client, words: string, { status, counts }: Batch): Outcome {
  client.surprises.push(`${words}: ${status} ${JSON.stringify(counts)}`);
  return 'lost';
}
