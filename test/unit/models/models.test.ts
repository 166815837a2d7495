import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseFiles } from '../../../src/runtime/models/choose-files.ts';
import type { HubFile } from '../../../src/runtime/models/hub.ts';
import { planPull, pullModel } from '../../../src/runtime/models/pull-model.ts';
import { verifyModel } from '../../../src/runtime/models/verify-model.ts';

const FILES: Record<string, Buffer> = {
  'config.json': Buffer.from('{"model_type":"qwen3_vl"}'),
  'tokenizer.json': Buffer.from('{}'),
  'model.safetensors': Buffer.alloc(300_000, 'weights '),
  'README.md': Buffer.from('not needed'),
};
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const gitHash = (data: Buffer) => createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');

let folder: string;
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktpflow-models-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A hub and, on another port, the store that it sends large files to, as the real one does. */
async function startHub({ cutAt = 0, token = null as string | null, damage = false } = {}) {
  const seen: { url: string; authorization: string | undefined; range: string | undefined; store: boolean }[] = [];
  const note = (request: IncomingMessage, store: boolean) => {
    const { authorization, range } = request.headers;
    seen.push({ url: request.url ?? '', authorization, range, store });
  };
  let cut = cutAt;
  const store = await serve((request, response) => {
    note(request, true);
    const whole = FILES['model.safetensors'] ?? Buffer.alloc(0);
    const data = damage ? Buffer.alloc(whole.length) : whole;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': data.length - from });
    if (cut > 0) {
      response.write(data.subarray(from, from + cut));
      cut = 0;
      setTimeout(() => response.destroy(), 50);
    } else response.end(data.subarray(from));
  });
  const endpoint = await serve((request, response) => {
    note(request, false);
    if (token !== null && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
    } else if (request.url?.startsWith('/api/models/Qwen/tiny/tree/main')) {
      const tree = Object.entries(FILES).map(([path, data]) => ({
        type: 'file',
        path,
        size: data.length,
        oid: gitHash(data),
        ...(path.endsWith('.safetensors') && { lfs: { oid: sha256(data), size: data.length } }),
      }));
      response.end(JSON.stringify([...tree, { type: 'directory', path: 'onnx', size: 0, oid: '' }]));
    } else {
      const path = request.url?.split('/').at(-1) ?? '';
      if (path.endsWith('.safetensors')) response.writeHead(302, { location: `${store}/blob` }).end();
      else if (FILES[path]) response.end(FILES[path]);
      else response.writeHead(404).end();
    }
  });
  return { endpoint, seen };
}

const options = (endpoint: string, extra: object = {}) => ({
  id: 'Qwen/tiny',
  revision: 'main',
  folder,
  endpoint,
  ...extra,
});
const pull = async (endpoint: string, extra: object = {}) => {
  const chosen = options(endpoint, extra);
  await pullModel(await planPull(chosen), chosen, () => undefined);
};

describe('models pull', () => {
  it('fetches what is needed, says before how much, and what it fetched can be verified', async () => {
    const { endpoint } = await startHub();
    const plan = await planPull(options(endpoint));
    expect(plan.files.map(({ path }) => path)).toEqual(['config.json', 'tokenizer.json', 'model.safetensors']);
    expect(plan).toMatchObject({ totalBytes: 300_027, missingBytes: 300_027, memoryBytes: null });
    await pull(endpoint);
    const verdicts = await verifyModel(folder, () => undefined);
    expect(verdicts?.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok']);
  });

  it('goes on where it was cut off', async () => {
    const { endpoint, seen } = await startHub({ cutAt: 100_000 });
    await expect(pull(endpoint)).rejects.toThrow();
    expect((await planPull(options(endpoint))).missingBytes).toBeLessThan(250_000);
    await pull(endpoint);
    expect(seen.filter(({ store }) => store).at(-1)?.range).toMatch(/^bytes=[1-9]/);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(FILES['model.safetensors']);
  });

  it('does not keep a file whose content is wrong', async () => {
    const { endpoint } = await startHub({ damage: true });
    await expect(pull(endpoint)).rejects.toThrow(/checksum/);
    await expect(readFile(join(folder, 'model.safetensors'))).rejects.toThrow();
  });

  it('gives its token to the hub and to nobody else', async () => {
    const { endpoint, seen } = await startHub({ token: 'hf_secret' });
    await expect(pull(endpoint)).rejects.toThrow(/HF_TOKEN/);
    await pull(endpoint, { token: 'hf_secret' });
    expect(seen.some(({ store }) => store)).toBe(true);
    for (const { store, authorization } of seen) if (store) expect(authorization).toBeUndefined();
  });

  it('says what to do on a closed network, and what is wrong with a name', async () => {
    await expect(planPull(options('http://127.0.0.1:9'))).rejects.toThrow(/HF_ENDPOINT.*VLM_MODEL_DIR/);
    const { endpoint } = await startHub();
    await expect(planPull({ ...options(endpoint), id: 'Qwen/other' })).rejects.toThrow(/does not exist/);
  });
});

describe('models verify', () => {
  it('tells missing, cut and changed files apart', async () => {
    const { endpoint } = await startHub();
    await pull(endpoint);
    await rm(join(folder, 'config.json'));
    await truncate(join(folder, 'model.safetensors'), 1000);
    await writeFile(join(folder, 'tokenizer.json'), '[]');
    const verdicts = await verifyModel(folder, () => undefined);
    expect(Object.fromEntries(verdicts?.map(({ path, verdict }) => [path, verdict]) ?? [])).toEqual({
      'config.json': 'missing',
      'model.safetensors': 'wrong size',
      'tokenizer.json': 'wrong content',
    });
  });

  it('has nothing to compare with in other folders', async () => {
    expect(await verifyModel(folder, () => undefined)).toBeNull();
  });
});

describe('the choice of files', () => {
  const file = (path: string): HubFile => ({ path, bytes: 1, checksum: { kind: 'git', hex: '' } });
  const choose = (...paths: string[]) => chooseFiles(paths.map(file)).map(({ path }) => path);

  it('takes one precision of a public export, and never a 4-bit vision', () => {
    const names = ['vision_encoder', 'embed_tokens', 'decoder_model_merged'];
    const paths = names.flatMap((name) =>
      ['_fp16', '_q4', '_quantized'].flatMap((suffix) => [
        `onnx/${name}${suffix}.onnx`,
        `onnx/${name}${suffix}.onnx_data`,
      ]),
    );
    expect(choose('config.json', ...paths)).toEqual([
      'config.json',
      ...['onnx/vision_encoder_quantized.onnx', 'onnx/vision_encoder_quantized.onnx_data'],
      ...['onnx/embed_tokens_fp16.onnx', 'onnx/embed_tokens_fp16.onnx_data'],
      ...['onnx/decoder_model_merged_q4.onnx', 'onnx/decoder_model_merged_q4.onnx_data'],
    ]);
  });

  it('takes no file that would lie outside of its folder', () => {
    expect(choose('../config.json', '/etc/config.json', 'a/../../x.safetensors')).toEqual([]);
  });
});
