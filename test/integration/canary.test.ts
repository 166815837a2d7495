import { afterEach, describe, expect, it } from 'vitest';
import { Canary, type CanaryOptions } from '../../src/inference/canary/canary.ts';
import { SPECIMEN } from '../../src/inference/canary/specimen.ts';
import { createOpenAiCompatibleEngine } from '../../src/inference/openai-compatible/openai-compatible-engine.ts';
import { startUpstream, type UpstreamBehaviour } from '../support/upstream.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const answer = (changes: object = {}) => [
  JSON.stringify({
    nik: SPECIMEN.nik,
    tanggal_lahir: SPECIMEN.birthDate,
    tanggal_terbit: SPECIMEN.issueDate,
    ...changes,
  }),
];

async function start(behaviour: Partial<UpstreamBehaviour>, options: CanaryOptions = {}) {
  const upstream = await startUpstream(behaviour);
  const modelId = 'Qwen/Qwen3-VL-2B-Instruct';
  const engine = createOpenAiCompatibleEngine({ id: 'openai', baseUrl: upstream.url, modelId, maxImagePixels: 1 });
  const canary = new Canary(engine, options);
  closing.push(
    () => upstream.close(),
    () => engine.close(),
    () => canary.close(),
  );
  return { upstream, canary };
}

describe('the canary of an engine', () => {
  it('passes a model that reads the drawn card, and does not ask again before it is due', async () => {
    const { canary, upstream } = await start({ tokens: answer() });
    await canary.look();
    await canary.look();
    expect(canary.passed).toBe(true);
    expect(canary.warning).toBeNull();
    expect(upstream.requests).toHaveLength(1);
    // The model saw the card, not its text.
    expect(JSON.stringify(upstream.requests[0]?.body)).toContain('data:image/png;base64,');
    expect(JSON.stringify(upstream.requests[0]?.body)).not.toContain(SPECIMEN.nik);
  });

  it.each([
    ['a digit of the NIK', { nik: SPECIMEN.nik.replace('65', '56') }],
    ['a date', { tanggal_lahir: '18-07-1993' }],
  ])('does not pass one that gets %s wrong, in valid JSON', async (_name, changes) => {
    const { canary } = await start({ tokens: answer(changes) });
    await canary.look();
    expect(canary.passed).toBe(false);
    expect(canary.warning).toMatch(/numbers of a test card wrong/);
    expect(canary.warning).not.toMatch(/\d/);
  });

  it('does not pass one that says nothing in time', async () => {
    const { canary } = await start({ hangAfter: 0 }, { timeoutMs: 200 });
    await canary.look();
    expect(canary.passed).toBe(false);
    expect(canary.warning).toMatch(/no answer/);
  });

  it('runs again when the server says another version', async () => {
    const { canary, upstream } = await start({ tokens: answer() });
    await canary.look();
    upstream.behave({ version: '0.12.0', tokens: answer({ nik: '3201465708930001' }) });
    await canary.look();
    expect(canary.passed).toBe(false);
  });

  it('runs again when other weights stand behind the same name, as after a pull', async () => {
    const { canary, upstream } = await start({ kind: 'ollama', tokens: answer() });
    await canary.look();
    await canary.look();
    expect([canary.passed, upstream.requests.length]).toEqual([true, 1]);
    upstream.behave({ digest: 'b2', tokens: answer({ nik: '3201465708930001' }) });
    await canary.look();
    expect(canary.passed).toBe(false);
  });

  it('runs again daily', async () => {
    const { canary, upstream } = await start({ tokens: answer() }, { maxAgeMs: 0 });
    await canary.look();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await canary.look();
    expect(upstream.requests).toHaveLength(2);
  });
});
