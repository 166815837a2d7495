import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPlatform } from '../../test/e2e/embedded-platform.ts';
import { startUpstream } from '../../test/support/upstream.ts';

/**
 * From POST /v1/cancel to the upstream seeing its connection closed. Budget (docs/budgets.md): at most 2 s, p50 <= 0.5 s.
 *
 *   npm run build && npx tsx bench/streaming/cancel.ts
 */
const COUNT = 20;
const MODEL = 'cancelled';

const home = mkdtempSync(join(tmpdir(), 'ktpflow-bench-'));
const upstream = await startUpstream({ tokens: Array.from({ length: 2_000 }, () => ' x'), tokensPerSecond: 50 });
const platform = await EmbeddedPlatform.start(join(home, 'home'), {
  VLM_BASE_URL: upstream.url,
  VLM_CANARY: '0',
  MODEL_REPO_ID: MODEL,
  LOG_LEVEL: 'error',
});
try {
  const stops: number[] = [];
  for (let index = 0; index < COUNT; index++) {
    const session = `cancel-${index}`;
    const response = await platform.request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: MODEL,
        session_id: session,
        stream: true,
        messages: [{ role: 'user', content: 'Halo' }],
      }),
    });
    await sleep(300 + Math.random() * 500);
    const request = upstream.requests.at(-1);
    const asked = Date.now();
    const [answer] = await Promise.all([
      platform.request(`/v1/cancel/${session}`, { method: 'POST' }),
      response.text(),
      sleep(100),
    ]);
    if (!answer.ok || !request?.closedAt) throw new Error('the answer was not cancelled');
    stops.push(request.closedAt - asked);
  }
  stops.sort((first, second) => first - second);
  console.table([{ count: COUNT, 'p50 ms': stops[COUNT / 2], 'max ms': stops.at(-1) }]);
} finally {
  await platform.end();
  await upstream.close();
  rmSync(home, { recursive: true, force: true });
}
