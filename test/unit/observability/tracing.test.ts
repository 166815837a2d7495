import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { codeOf, safeAttributes } from '../../../src/observability/tracing/span-attributes.ts';
import {
  inSpan,
  isTracing,
  openSpan,
  parseTraceparent,
  traceparent,
} from '../../../src/observability/tracing/spans.ts';
import { startTracing, tracingIsWanted } from '../../../src/observability/tracing/start-tracing.ts';

const NIK = '3171014708950000';

describe('traces', () => {
  it('are off until a collector is named, and a switch of OpenTelemetry keeps them off', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';
    expect(tracingIsWanted({})).toBe(false);
    expect(tracingIsWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false);
    expect(tracingIsWanted({ OTEL_EXPORTER_OTLP_ENDPOINT })).toBe(true);
    expect(tracingIsWanted({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT })).toBe(true);
    expect(tracingIsWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBe(false);
    expect(tracingIsWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).OTEL_EXPORTER_OTLP_ENDPOINT).toBe(OTEL_EXPORTER_OTLP_ENDPOINT);
  });

  it('cost nothing while they are off: no span is made, none is told to anybody', async () => {
    expect(await startTracing({ service: 'x', environment: {}, onFault: () => undefined })).toBeNull();
    expect(isTracing()).toBe(false);
    expect(openSpan({ name: 'x', kind: 'internal' })).toBeNull();
    expect(traceparent()).toBeUndefined();
    expect(parseTraceparent(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)).toBeNull();
    expect(await inSpan({ name: 'x', kind: 'internal' }, async (span) => span)).toBeNull();
  });

  it('drop an attribute that has not its form, whatever the types said', () => {
    expect(
      safeAttributes({
        route: `/v1/models/${NIK}`,
        requestId: NIK,
        code: 'SITI RAHAYU',
        workflow: 'extractDocumentWorkflow',
        attempt: Number.NaN,
        ...({ nik: NIK } as object),
      }),
    ).toEqual({ 'ktpflow.workflow': 'extractDocumentWorkflow' });
  });

  it('tell an error by its code, never by its message', () => {
    expect(codeOf(Object.assign(new Error(`NIK ${NIK}`), { code: 'upstream_failed' }))).toBe('upstream_failed');
    expect(codeOf(Object.assign(new Error('x'), { code: NIK, type: 'bad_image' }))).toBe('bad_image');
    expect(codeOf(new TypeError(NIK))).toBe('TypeError');
    expect(codeOf(NIK)).toBe('unknown');
  });
});
