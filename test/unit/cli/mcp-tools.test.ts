import { mkdtempSync, rmSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMcpServer } from '../../../src/mcp/create-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktpflow-mcp-'));
const client = new Client({ name: 'test', version: '1' });
const sent: unknown[] = [];

beforeAll(async () => {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const call = async (_method: string, _path: string, json?: object) => {
    sent.push(json);
    return { ok: true, status: 200, body: { id: 'ext_1', status: 'running', error: null, result: null } };
  };
  await createMcpServer(call, { version: '1', localFiles: true }).connect(far);
  await client.connect(near);
});
afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true });
});

const read = (path: string) => client.callTool({ name: 'read_ktp', arguments: { path } });

describe('the tools of the Model Context Protocol', () => {
  it('that store or fetch something do not say that they only read: clients let such through unasked', async () => {
    const { tools } = await client.listTools();
    const hints = tools.map(({ annotations }) => [annotations?.readOnlyHint, annotations?.openWorldHint]);
    expect(hints).toEqual([
      [false, true],
      [true, false],
      [true, false],
    ]);
  });

  it('read a picture of this machine, but neither a device nor what is larger than any picture', async () => {
    const picture = join(folder, 'card.jpg');
    await writeFile(picture, 'card');
    expect(await read(picture)).toMatchObject({ structuredContent: { id: 'ext_1' } });
    const large = join(folder, 'disk.img');
    await writeFile(large, '');
    await truncate(large, 101 * 1024 * 1024);
    for (const path of [large, folder, '/dev/null', join(folder, 'missing')]) {
      expect(await read(path), path).toMatchObject({ isError: true });
    }
    expect(sent).toEqual([{ image_base64: Buffer.from('card').toString('base64') }]);
  });
});
