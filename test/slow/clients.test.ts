import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient, KtpflowError, readCard } from '../../clients/typescript/src/index.ts';
import { exampleImage, exampleTruth } from '../e2e/embedded-platform.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { type Platform, startPlatform } from '../support/platform.ts';

const KEY = 'key-of-the-client';
const NIK = exampleTruth(1).nik;
const IMAGE = fileURLToPath(new URL('../../examples/ktp-1.jpg', import.meta.url));
const NOT_A_PICTURE = fileURLToPath(new URL('../../package.json', import.meta.url));
const PYTHON = process.env.PYTHON ?? 'python3';
const PYTHON_PATH = ['clients/python', 'examples/fastapi']
  .map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)))
  .join(':');

let platform: Platform;
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform({ environment: { API_KEYS: `${KEY}:extract` } });
  platform.startWorkflows();
  platform.startInference();
  api = await startTestApi(platform);
}, 90_000);
afterAll(async () => {
  await api?.close();
  await platform?.stop();
});

const hasModules = (...names: string[]) => spawnSync(PYTHON, ['-c', `import ${names.join(', ')}`]).status === 0;

/** What a Python program prints, as JSON. */
async function python(program: string): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: PYTHON_PATH, KTPFLOW_URL: api.address, KTPFLOW_API_KEY: KEY };
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', program], { env });
  return JSON.parse(stdout);
}

describe('the TypeScript client', () => {
  it('reads a card, and tells why it cannot', async () => {
    const client = createClient({ baseUrl: api.address, apiKey: KEY });
    const image = new Blob([new Uint8Array(exampleImage(1))]);
    const job = await readCard(client, image, { options: { strategy: 'ocr' }, idempotencyKey: 'one card' });
    expect(job.result?.fields.nik.value).toBe(NIK);
    expect((await readCard(client, image, { options: { strategy: 'ocr' }, idempotencyKey: 'one card' })).id).toBe(
      job.id,
    );
    const { data } = await client.GET('/v1/ktp/extractions', { params: { query: { limit: '1' } } });
    expect(data?.data.map(({ id }) => id)).toEqual([job.id]);
    const refused = await readCard(client, new Blob(['x'])).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KtpflowError);
    expect(refused).toMatchObject({ status: 400, code: 'invalid_image' });
    const stranger = createClient({ baseUrl: api.address });
    await expect(readCard(stranger, image)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  });

  it('works in the route of Next.js', async () => {
    vi.stubEnv('KTPFLOW_URL', api.address);
    vi.stubEnv('KTPFLOW_API_KEY', KEY);
    const path = '../../examples/nextjs/route.ts';
    const { POST } = (await import(/* @vite-ignore */ path)) as { POST: (request: Request) => Promise<Response> };
    const send = async (image: Blob) => {
      const body = new FormData();
      body.set('image', image);
      const answer = await POST(new Request('http://app.example/api/ktp', { method: 'POST', body }));
      return [answer.status, await answer.json()];
    };
    expect(await send(new Blob([new Uint8Array(exampleImage(1))]))).toMatchObject([200, { card: { nik: NIK } }]);
    expect(await send(new Blob(['x']))).toEqual([400, { error: 'invalid_image' }]);
    vi.unstubAllEnvs();
  });
});

describe.skipIf(!hasModules('json'))('the Python client', () => {
  it('reads a card, and a batch of them page by page, and tells why it cannot', async () => {
    const program = `
import json, os, base64
from ktpflow_client import Client, KtpflowError
client = Client(os.environ["KTPFLOW_URL"], os.environ["KTPFLOW_API_KEY"])
image = open(${JSON.stringify(IMAGE)}, "rb").read()
job = client.read_card(image, {"strategy": "ocr"})
items = [{"image_base64": base64.b64encode(image).decode(), "custom_id": str(number)} for number in range(2)]
batch = client.create_batch(items)
while batch["status"] in ("validating", "running"):
    batch = client.batch(batch["id"], wait=60)
told = [[item["custom_id"], item["status"]] for item in client.batch_items(batch["id"])]
try:
    client.read_card(open(${JSON.stringify(NOT_A_PICTURE)}, "rb").read())
except KtpflowError as refused:
    print(json.dumps([job["result"]["fields"]["nik"]["value"], told, refused.status, refused.code]))
`;
    const told = [
      ['0', 'succeeded'],
      ['1', 'succeeded'],
    ];
    expect(await python(program)).toEqual([NIK, told, 400, 'invalid_image']);
  });

  it.skipIf(!hasModules('fastapi', 'multipart', 'httpx'))('works in an application of FastAPI', async () => {
    const program = `
import json
from fastapi.testclient import TestClient
from main import app
client = TestClient(app)
answers = [client.post("/ktp", files={"image": open(path, "rb")}) for path in (${JSON.stringify(IMAGE)}, ${JSON.stringify(NOT_A_PICTURE)})]
print(json.dumps([[answer.status_code, answer.json()] for answer in answers]))
`;
    expect(await python(program)).toMatchObject([
      [200, { card: { nik: NIK } }],
      [400, { detail: 'invalid_image' }],
    ]);
  });
});
