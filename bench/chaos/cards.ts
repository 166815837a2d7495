import sharp from 'sharp';
import { degrade } from '../../tools/make-cards/sample.ts';
import { distinct } from '../batch/cards.ts';
import type { Client } from './client.ts';

const WIDTH = 720;
const SEEDS = [7_001, 7_002, 7_003] as const;

/** A drawn card, with what the undisturbed cluster read of it. */
export interface KnownCard {
  readonly jpeg: Buffer;
  readonly reading: string;
  /** What stands on it and must be found nowhere. */
  readonly texts: readonly string[];
}

interface Job {
  readonly id: string;
  readonly status: string;
  readonly error?: unknown;
  readonly finished_at: string | null;
  readonly result: { readonly compat: unknown } | null;
}

/** Small cards, so that a machine with two cores carries a load of them. */
export async function drawKnownCards(client: Client): Promise<KnownCard[]> {
  const cards: KnownCard[] = [];
  for (const seed of SEEDS) {
    const { jpeg, truth } = await degrade(seed, 'scan', 'mild');
    const small = await sharp(jpeg).resize({ width: WIDTH }).jpeg({ quality: 85 }).toBuffer();
    const form = () => ({ method: 'POST', body: formOf(small) });
    const reading = JSON.stringify(await client.json('/ktp-ocr/', form));
    if (!reading.includes(String(truth.fields.nik))) throw new Error(`the card of seed ${seed} is not read`);
    const { nama, nik } = truth.fields;
    cards.push({ jpeg: small, reading, texts: [nik, nama].flatMap((text) => text ?? []) });
  }
  return cards;
}

export type Outcome = 'right' | 'wrong' | 'lost' | 'doubled';

/** Reads a card at once, as a caller without an idempotency key. */
export async function readNow(client: Client, card: KnownCard, index: number): Promise<Outcome> {
  const form = () => ({ method: 'POST', body: formOf(distinct(card.jpeg, index)) });
  const reading = await client.json('/ktp-ocr/', form).catch((error: unknown) => {
    client.surprises.push(String(error));
    return undefined;
  });
  if (reading === undefined) return 'lost';
  return JSON.stringify(reading) === card.reading ? 'right' : 'wrong';
}

/** Hands a card in under an idempotency key, polls until it is final, and looks whether it was taken once. */
export async function handIn(client: Client, card: KnownCard, reference: string): Promise<Outcome> {
  const form = () => ({
    method: 'POST',
    headers: { 'idempotency-key': reference },
    body: formOf(distinct(card.jpeg, Number(reference.split('-').at(-1))), { reference_id: reference }),
  });
  try {
    const { id } = await client.json<Job>('/v1/ktp/extractions', form, [200, 202]);
    for (;;) {
      const job = await client.json<Job>(`/v1/ktp/extractions/${id}?wait=20`);
      if (job.finished_at === null) continue;
      if (job.status !== 'succeeded') {
        client.surprises.push(`a card has ended as ${job.status}: ${JSON.stringify(job.error)}`);
        return 'lost';
      }
      if (JSON.stringify(job.result?.compat) !== card.reading) return 'wrong';
      const list = await client.json<{ data: Job[] }>(`/v1/ktp/extractions?reference_id=${reference}`);
      return list.data.length === 1 && list.data[0]?.id === id ? 'right' : 'doubled';
    }
  } catch (error) {
    client.surprises.push(String(error));
    return 'lost';
  }
}

function formOf(jpeg: Buffer, options?: object): FormData {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }), 'card.jpg');
  if (options) form.append('options', JSON.stringify(options));
  return form;
}
