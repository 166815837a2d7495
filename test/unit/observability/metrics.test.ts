import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/observability/metrics.ts';

describe('metrics', () => {
  it('counts requests by template and status, and extractions by outcome', async () => {
    const metrics = createMetrics();
    metrics.requestFinished({ method: 'GET', route: '/v1/ktp/extractions/:id', status: 404, seconds: 0.02 });
    metrics.extractionStarted();
    metrics.extractionFinished('failed', 'not_a_ktp');
    metrics.setWaiting(3);
    const text = await metrics.registry.metrics();
    expect(text).toContain('ktpflow_http_requests_total{method="GET",route="/v1/ktp/extractions/:id",status="404"} 1');
    expect(text).toContain('ktpflow_extractions_finished_total{outcome="failed",code="not_a_ktp"} 1');
    expect(text).toContain('ktpflow_waiting_requests 3');
    expect(text).toContain('ktpflow_process_cpu_seconds_total');
  });
});
