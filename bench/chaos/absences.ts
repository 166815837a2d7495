import { setTimeout as sleep } from 'node:timers/promises';
import { handIn, type KnownCard, readNow } from './cards.ts';
import { MODEL } from './chats.ts';
import { Client } from './client.ts';
import type { Scene } from './faults.ts';

const AWAY_MS = 60_000;
const PARTS = ['postgres', 'temporal', 's3'] as const;

/**
 * Takes one part away for a minute after another, asks meanwhile without patience, and sees that everything goes on by
 * itself.
 * @returns what is to be said of it; a line with `BAD` is a fault
 */
export async function tryAbsences({ cluster }: Scene, cards: readonly KnownCard[]): Promise<string[]> {
  const lines = ['| away for 60 s | asked | answers, the slowest |', '|---|---|---|'];
  const [card] = cards;
  if (!card) return ['BAD: no card'];
  const patient = new Client(cluster);
  for (const part of PARTS) {
    const reference = `chaos-before-${part}-1`;
    if ((await handIn(patient, card, reference)) !== 'right') lines.push(`BAD: before ${part}`);
    const { data } = await patient.json<{ data: { id: string }[] }>(`/v1/ktp/extractions?reference_id=${reference}`);
    const service = cluster.service(part);
    await service.kill();
    const asked = await askFor(AWAY_MS, cluster, card, data[0]?.id ?? '');
    await service.start();
    const back = Date.now();
    await cluster.ready(300_000);
    const readyAgain = (Date.now() - back) / 1000;
    const outcome = await readNow(patient, card, 0);
    const readAgain = (Date.now() - back) / 1000;
    for (const [what, { answers, slowest }] of asked) {
      const counts = [...answers].map(([answer, times]) => `${answer}: ${times}`).join(', ');
      const isBad = [...answers.keys()].some((answer) => /^(500|502|504|broken)/.test(answer));
      lines.push(`| ${part} | ${what} | ${counts} (${(slowest / 1000).toFixed(1)} s)${isBad ? ' BAD' : ''} |`);
    }
    lines.push(
      `| ${part} | back | ready after ${readyAgain.toFixed(1)} s, a card is ${outcome} after ${readAgain.toFixed(1)} s |`,
    );
    if (outcome !== 'right') lines.push(`BAD: after ${part}`);
  }
  return lines;
}

interface Asked {
  readonly answers: ReadonlyMap<string, number>;
  readonly slowest: number;
}

async function askFor(
  ms: number,
  cluster: Scene['cluster'],
  card: KnownCard,
  finished: string,
): Promise<Map<string, Asked>> {
  const image = () => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(card.jpeg)], { type: 'image/jpeg' }), 'card.jpg');
    return { method: 'POST', body: form };
  };
  const question = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, stream: true, messages: [{ role: 'user', content: 'q0' }] }),
  };
  const requests: readonly (readonly [string, string, () => RequestInit])[] = [
    ['a card at once', '/ktp-ocr/', image],
    ['a card handed in', '/v1/ktp/extractions', image],
    ['a finished card', `/v1/ktp/extractions/${finished}`, () => ({})],
    ['a chat', '/v1/chat/completions', () => question],
    ['models', '/v1/models', () => ({})],
    ['/readyz', '/readyz', () => ({})],
    ['/livez', '/livez', () => ({})],
  ];
  const until = Date.now() + ms;
  const each = requests.map(async ([what, path, init]): Promise<[string, Asked]> => {
    const client = new Client(cluster);
    let slowest = 0;
    while (Date.now() < until) {
      const begun = Date.now();
      const response = await client.once(path, init());
      slowest = Math.max(slowest, Date.now() - begun);
      await response?.text().catch(() => undefined);
      await sleep(3_000);
    }
    return [what, { answers: client.answers, slowest }];
  });
  return new Map(await Promise.all(each));
}
