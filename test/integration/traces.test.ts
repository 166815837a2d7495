import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TRACE_HEADER } from '../../src/contract/trace.ts';
import { startTracing, type Tracing } from '../../src/observability/tracing/start-tracing.ts';
import { imageForm, jsonRequest, specimen, startTestApi, type TestApi } from '../support/api.ts';
import { chatEnvironment, MODEL, startGenerations } from '../support/chat.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { type ReceivedSpan, startTraceCollector, type TraceCollector } from '../support/trace-collector.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const NIK = '3171014708950000';
const NAME = 'SITI RAHAYU';
const CALLER = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) };
const traced = (traceId: string) => ({
  traceparent: `00-${traceId}-${CALLER.spanId}-01`,
  tracestate: `who=${NAME.replace(' ', '')}`,
  baggage: `nik=${NIK}`,
});

let collector: TraceCollector;
let tracing: Tracing | null;
let upstream: Upstream;
let platform: Platform;
let api: TestApi;

beforeAll(async () => {
  collector = await startTraceCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
  tracing = await startTracing({ service: 'ktpflow-test', onFault: () => undefined });
  upstream = await startUpstream({ kind: 'vllm', model: MODEL });
  platform = await startPlatform({ environment: chatEnvironment(upstream) });
  platform.startWorkflows();
  platform.startInference();
  startGenerations(platform);
  api = await startTestApi(platform);
});
afterAll(async () => {
  await api?.close();
  await platform?.stop();
  await upstream?.close();
  await tracing?.close();
  await collector?.close();
  vi.unstubAllEnvs();
});

/** The names from a span up to the caller's. */
function roadUp(spans: readonly ReceivedSpan[], name: string): string[] {
  const road: string[] = [];
  let span = spans.find((each) => each.name === name);
  while (span) {
    road.push(span.name);
    const { parentSpanId } = span;
    if (parentSpanId === CALLER.spanId) return [...road, 'caller'];
    span = spans.find((each) => each.spanId === parentSpanId);
  }
  return road;
}

describe('traces', () => {
  it('follow a chat from its caller through API, workflow and activity to the engine, which is told of it', async () => {
    const messages = [{ role: 'user', content: `Siapa ${NAME}, NIK ${NIK}?` }];
    const request = jsonRequest({ model: MODEL, messages, user: NAME });
    const answer = await api.request('/v1/chat/completions', {
      ...request,
      headers: { ...request.headers, ...traced(CALLER.traceId) },
    });
    expect(answer.status).toBe(200);
    const spans = await collector.spansOf(CALLER.traceId, [
      'POST /v1/chat/completions',
      'chatCompletionWorkflow',
      'generate openai',
      'storeTranscript',
      'storeTranscriptWorkflow',
    ]);
    const toTheCaller = ['start chatCompletionWorkflow', 'POST /v1/chat/completions', 'caller'];
    expect(roadUp(spans, 'generate openai')).toEqual([
      'generate openai',
      'generateAnswer',
      'chatCompletionWorkflow',
      ...toTheCaller,
    ]);
    // In a workflow of its own, which the first one starts.
    expect(roadUp(spans, 'storeTranscript')).toEqual([
      'storeTranscript',
      'storeTranscriptWorkflow',
      'chatCompletionWorkflow',
      ...toTheCaller,
    ]);
    const engine = spans.find(({ name }) => name === 'generate openai');
    expect(upstream.requests.at(-1)?.headers).toMatchObject({
      traceparent: `00-${CALLER.traceId}-${engine?.spanId}-01`,
    });
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('tracestate');
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('baggage');
  });

  it('follow a card to the reader, with the time of each stage', async () => {
    const traceId = 'e'.repeat(32);
    const body = imageForm(await specimen(), { metadata: { nasabah: NAME } });
    const answer = await api.request('/v1/ktp/extractions?wait=60', {
      method: 'POST',
      body,
      headers: traced(traceId),
    });
    expect(answer.status).toBe(200);
    const spans = await collector.spansOf(traceId, [
      'POST /v1/ktp/extractions',
      'extractDocumentWorkflow',
      'readCard',
      'read ppocr',
      'storeResult',
    ]);
    expect(roadUp(spans, 'read ppocr')).toEqual([
      'read ppocr',
      'readCard',
      'extractDocumentWorkflow',
      'start extractDocumentWorkflow',
      'POST /v1/ktp/extractions',
      'caller',
    ]);
    const names = spans.find(({ name }) => name === 'read ppocr')?.attributes.map(({ key }) => key);
    expect(names).toEqual(expect.arrayContaining(['ktpflow.prepare_ms', 'ktpflow.ocr_ms', 'ktpflow.assemble_ms']));
  });

  it('hold nothing of a person, and nothing that a caller wrote', async () => {
    const text = collector.text();
    expect(text.length).toBeGreaterThan(2000);
    const specimenJson = await import('../../examples/ktp-1.json', { with: { type: 'json' } });
    const printed = Object.values(specimenJson.default.printed as Record<string, string>).filter(
      (word) => word.length > 5,
    );
    for (const secret of [NIK, ...NAME.split(' '), 'card.jpg', 'nasabah', 'Selamat', 'Siapa', ...printed]) {
      expect(text).not.toContain(secret);
    }
    // No id of a record either: it stands in URLs.
    expect(text).not.toMatch(/(ext|batch|gen|resp)_[0-9a-f]{16}|chatcmpl-/);
  });

  it('travel through Temporal sealed, like everything else', async () => {
    const headers = [];
    for await (const { runId, workflowId } of platform.temporal.workflow.list()) {
      const { events } = await platform.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      headers.push(events?.[0]?.workflowExecutionStartedEventAttributes?.header?.fields?.[TRACE_HEADER]);
      for (const event of events ?? [])
        headers.push(event.activityTaskScheduledEventAttributes?.header?.fields?.[TRACE_HEADER]);
    }
    const sealed = headers.filter((header) => header !== undefined && header !== null);
    expect(sealed.length).toBeGreaterThan(3);
    for (const { data, metadata } of sealed) {
      expect(Buffer.from(metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
      expect(Buffer.from(data ?? []).toString('latin1')).not.toContain(CALLER.traceId);
    }
  });
});
