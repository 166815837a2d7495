import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specimen, startTestApi, type TestApi } from '../support/api.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CARD = fileURLToPath(new URL('../../examples/ktp-1.jpg', import.meta.url));
const NIK = '3504074906650000';

/** All show the same card: it is read once. */
const reader = new ScriptedReader();
let platform: Platform;
let api: TestApi;
let image_base64: string;

beforeAll(async () => {
  platform = await startPlatform({ readCard: (real) => reader.wrap(real()) });
  reader.attach(platform);
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform, { API_KEYS: 'first-key:extract,second-key:extract,chat-key:chat' });
  image_base64 = (await specimen()).toString('base64');
});
afterAll(async () => {
  await api?.close();
  await platform?.stop();
});

async function connect(key: string | null): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${api.address}/mcp`), { requestInit: { headers } });
  // Its type lacks a word of what the SDK's own interface asks for under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  return client;
}

const read = async (client: Client, input: object) =>
  (await client.callTool({ name: 'read_ktp', arguments: { ...input } })).structuredContent as {
    id: string;
    fields: Record<string, { value: string; confidence: number }>;
  };

describe('the Model Context Protocol over HTTP', () => {
  it('lists its tools', async () => {
    const { tools } = await (await connect('first-key')).listTools();
    expect(tools.map(({ name }) => name)).toEqual(['read_ktp', 'batch_status', 'explain_field']);
    expect(JSON.stringify(tools[0]?.inputSchema)).not.toContain('"path"');
  });

  it('reads a card, masked unless asked otherwise', async () => {
    const client = await connect('first-key');
    const masked = await read(client, { image_base64 });
    expect(masked.fields.nik?.value).toBe('••••••••••••0000');
    expect(JSON.stringify(masked)).not.toContain(NIK);
    expect((await read(client, { image_base64, reveal: true })).fields.nik?.value).toBe(NIK);
  });

  // A reading that takes longer than a minute was an id of which nothing more could be learnt.
  it('gives a reading again by its id, to its owner alone', async () => {
    const client = await connect('first-key');
    const first = await read(client, { image_base64 });
    expect(await read(client, { extraction_id: first.id })).toEqual(first);
    const ask = { name: 'read_ktp', arguments: { extraction_id: first.id, reveal: true } };
    const stranger = await (await connect('second-key')).callTool(ask);
    expect(stranger).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('(not_found)') }] });
    const both = await client.callTool({ name: 'read_ktp', arguments: { extraction_id: first.id, image_base64 } });
    expect(both).toMatchObject({ isError: true });
  });

  it("explains a field to its owner, and knows nothing of another tenant's card", async () => {
    const client = await connect('first-key');
    const { id } = await read(client, { image_base64 });
    const ask = { name: 'explain_field', arguments: { extraction_id: id, field: 'nik' } };
    expect((await client.callTool(ask)).structuredContent).toMatchObject({
      field: 'nik',
      value: '••••••••••••0000',
      checks: [{ code: 'nik_serial_zero' }],
    });
    const stranger = await (await connect('second-key')).callTool(ask);
    expect(stranger).toMatchObject({ isError: true });
    expect(JSON.stringify(stranger)).toContain('not_found');
  });

  it('tells what is wrong in the words of the API', async () => {
    const client = await connect('first-key');
    const wrong = await client.callTool({ name: 'read_ktp', arguments: { image_base64: 'AAAA' } });
    expect(wrong).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('(invalid_image)') }] });
    const none = await client.callTool({ name: 'batch_status', arguments: { batch_id: 'batch_00' } });
    expect(none).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('(not_found)') }] });
  });

  it.each([null, 'wrong-key', 'chat-key'])('refuses the key %s', async (key) => {
    await expect(connect(key)).rejects.toThrow();
  });
});

describe('the Model Context Protocol of the command line', () => {
  it('reads a file of this machine under the key of the command line', async () => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, '--url', api.address, '--api-key', 'first-key', 'mcp'],
      stderr: 'inherit',
    });
    await client.connect(transport);
    expect((await read(client, { path: CARD, reveal: true })).fields.nik?.value).toBe(NIK);
    await client.close();
  });
});
