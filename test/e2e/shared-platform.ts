import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { EmbeddedPlatform, temporaryFolder } from './embedded-platform.ts';

/**
 * The platform of embedded.test.ts and of the tests that it imports: each start of one takes seven seconds of the
 * processor. Its first start is that of an empty home.
 */
export const MODEL = 'Qwen/Qwen3-VL-2B-Instruct';
export const TOKENS = Array.from({ length: 120 }, (_, index) => ` kata${index}`);

const folder = temporaryFolder();
export const home = join(folder.path, 'home');
export let upstream: Upstream;
export let platform: EmbeddedPlatform;

/** Also for the start after a kill: `platform` is the new one once it is ready. */
export async function startPlatform(): Promise<void> {
  platform = await EmbeddedPlatform.start(home, {
    VLM_BASE_URL: upstream.url,
    VLM_CANARY: '0',
    MODEL_REPO_ID: MODEL,
  });
}

beforeAll(async () => {
  upstream = await startUpstream({ tokens: TOKENS, tokensPerSecond: 60, model: MODEL });
  await startPlatform();
});
afterAll(async () => {
  await platform?.end();
  await upstream?.close();
  folder.remove();
});
