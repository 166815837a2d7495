import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { type HealthServer, startHealthServer } from '../../../src/runtime/roles/health-server.ts';

let server: HealthServer;
let fault: string | null = null;

beforeAll(async () => {
  server = await startHealthServer(0, '127.0.0.1', { fault: () => fault, registry: createMetrics().registry });
});
afterAll(() => server.close());

const ask = async (path: string) => {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, body: await response.text() };
};

it('a process that waits for Temporal lives, and is not ready', async () => {
  expect(await ask('/readyz')).toEqual({ status: 200, body: '{"ok":true}' });
  fault = 'inference worker';
  expect(await ask('/readyz')).toEqual({ status: 503, body: '{"ok":false,"waits_for":"inference worker"}' });
  expect((await ask('/livez')).status).toBe(200);
});

it('metrics are there whatever the role, and nothing else is', async () => {
  expect((await ask('/metrics')).body).toContain('ktpflow_process_resident_memory_bytes');
  expect((await ask('/v1/models')).status).toBe(404);
});
