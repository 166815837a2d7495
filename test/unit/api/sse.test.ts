import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEvent, SseWriter } from '../../../src/api/http/sse.ts';

let server: Server;
let text = '';

beforeAll(async () => {
  server = createServer(async (_request, response) => {
    const writer = SseWriter.open(response, { keepAliveSeconds: 0.02 });
    for (const index of [0, 1, 2]) {
      await writer.write(formatEvent({ id: `s:${index}`, data: { index } }));
      await sleep(100);
    }
    await writer.write(formatEvent({ data: '[DONE]' }));
    writer.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

/** As openai-python's `_streaming.py` decodes: after an `id:` every blank line is an event, even without data. */
function decodeLikeOpenAiPython(stream: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  let lastId = '';
  for (const line of stream.split('\n').slice(0, -1)) {
    if (line === '') {
      if (data.length > 0 || lastId !== '') events.push(data.join('\n'));
      data = [];
    } else if (line.startsWith('data: ')) data.push(line.slice(6));
    else if (line.startsWith('id: ')) lastId = line.slice(4);
  }
  return events;
}

describe('the silence of an event stream', () => {
  it('is broken by comments', () => {
    expect(text.match(/^: keep-alive$/gm)?.length).toBeGreaterThanOrEqual(6);
  });

  it('brings no event to decoders that take every blank line for one', () => {
    expect(decodeLikeOpenAiPython(text)).toEqual(['{"index":0}', '{"index":1}', '{"index":2}', '[DONE]']);
    expect(text).not.toMatch(/(^|\n):[^\n]*\n\n/);
  });
});
