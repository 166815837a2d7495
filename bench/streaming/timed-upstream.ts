import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of one clock for all processes of a machine. */
export const now = (): number => performance.timeOrigin + performance.now();

export const MODEL = 'timed';

/**
 * An OpenAI-compatible server whose tokens are the times at which they were sent: whoever reads one knows how long it
 * was on its way. `max_tokens` says how many there are, `seed` how many come in a second.
 */
export async function startTimedUpstream(port = 0): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    if (request.url === '/version') return json(response, { version: '0.11.0' });
    if (request.url === '/v1/models') {
      const model = { id: MODEL, object: 'model', created: 1, owned_by: 'vllm', max_model_len: 1_000_000 };
      return json(response, { object: 'list', data: [model] });
    }
    if (request.url !== '/v1/chat/completions') return json(response, { tokens: [], count: 1 });
    let text = '';
    for await (const part of request) text += part;
    const { max_tokens: count, seed: rate } = JSON.parse(text) as { max_tokens: number; seed: number };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (choices: object[], extra: object = {}) =>
      response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices, ...extra })}\n\n`);
    const begun = now();
    for (let index = 0; index < count && !response.destroyed; index++) {
      await sleep(Math.max(0, begun + (index * 1000) / rate - now()));
      send([{ index: 0, delta: { content: ` ${now().toFixed(2)}` }, finish_reason: null }]);
    }
    send([{ index: 0, delta: {}, finish_reason: 'length' }]);
    send([], { usage: { prompt_tokens: 1, completion_tokens: count, total_tokens: count + 1 } });
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}/v1`, close: () => server.close().closeAllConnections() };
}

function json(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
