import { MODEL, now } from './timed-upstream.ts';

export interface TimedStream {
  /** Milliseconds from the request to the first token. */
  readonly firstToken: number;
  /** Milliseconds that each token was on its way. */
  readonly latencies: readonly number[];
  /** The right number of tokens, in order, and [DONE]. */
  readonly complete: boolean;
}

/** Reads one stream of a server, ours or the upstream itself. */
export async function readTimedStream(url: string, tokens: number, perSecond: number): Promise<TimedStream> {
  const startedAt = now();
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: 'user', content: 'Halo' }],
      max_tokens: tokens,
      seed: perSecond,
      stream: true,
    }),
  });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const latencies: number[] = [];
  let firstToken = Number.NaN;
  let last = 0;
  let ordered = true;
  let done = false;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    const arrived = now();
    rest += decoder.decode(bytes, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === '[DONE]') done = true;
      if (!data?.startsWith('{')) continue;
      const chunk = JSON.parse(data) as { choices?: { delta?: { content?: string } }[] };
      for (const text of chunk.choices?.[0]?.delta?.content?.trim().split(' ') ?? []) {
        if (text === '') continue;
        const sent = Number(text);
        ordered &&= sent >= last;
        last = sent;
        if (latencies.length === 0) firstToken = arrived - startedAt;
        latencies.push(arrived - sent);
      }
    }
  }
  return { firstToken, latencies, complete: done && ordered && latencies.length === tokens };
}
