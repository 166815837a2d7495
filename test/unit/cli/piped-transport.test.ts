import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { expect, it } from 'vitest';
import { PipedTransport } from '../../../src/cli/commands/piped-transport.ts';

const message = (more: object) => `${JSON.stringify({ jsonrpc: '2.0', ...more })}\n`;
const initialize = message({
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'script', version: '1' } },
});
const call = message({ id: 2, method: 'tools/call', params: { name: 'slow' } });
const cancel = message({ method: 'notifications/cancelled', params: { requestId: 2 } });

it.each([
  ['what a script has piped in is answered, though it has closed the input behind it', initialize + call, [1, 2]],
  ['what is cancelled is not waited for', initialize + call + cancel, [1]],
  ['nothing that was asked is no reason to stay', '', []],
])('%s', async (_, piped, answered) => {
  const input = new PassThrough();
  const output = new PassThrough();
  const server = new McpServer({ name: 'test', version: '1' });
  server.registerTool('slow', {}, async () => {
    await sleep(50);
    return { content: [] };
  });
  const transport = new PipedTransport(input, output);
  await server.connect(transport);
  input.end(piped);
  await transport.ended();
  await server.close();
  output.end();
  const lines = (await text(output)).split('\n').filter(Boolean);
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(answered);
});
