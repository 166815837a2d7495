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

  it('times the stages of a card, the model only where it was asked, and what is cancelled, late or repeated', async () => {
    const metrics = createMetrics();
    metrics.cardRead({ prepare: 100, ocr: 400, assemble: 20, generate: 0 });
    metrics.cardRead({ prepare: 100, ocr: 400, assemble: 20, generate: 3000 });
    metrics.tokensUsed(7, 3);
    metrics.cancelled(0.12);
    // Two clocks may differ by more than a piece takes.
    metrics.streamLag(-0.2);
    metrics.activityAttempted({ activity: 'readCard', attempt: 2, outcome: 'failed', waitedSeconds: 0.3 });
    const text = await metrics.registry.metrics();
    expect(text).toContain('ktpflow_card_stage_seconds_sum{stage="ocr"} 0.8');
    expect(text).toContain('ktpflow_card_stage_seconds_count{stage="generate"} 1');
    expect(text).toContain('ktpflow_tokens_total{kind="completion"} 3');
    expect(text).toContain('ktpflow_cancel_seconds_count 1');
    expect(text).toContain('ktpflow_stream_lag_seconds_sum 0');
    expect(text).toContain('ktpflow_activity_attempts_total{activity="readCard",outcome="failed",retry="true"} 1');
  });

  it('asks its sources when somebody scrapes, and forgets a queue that is not watched any more', async () => {
    const metrics = createMetrics();
    let workers = [{ queue: 'ktpflow', slots: 20, used: 3 }];
    metrics.watchSlots(() => workers);
    metrics.watchQueues(async () => [{ queue: 'ktpflow-inference', tasks: 8, oldestSeconds: 2.5 }]);
    const text = await metrics.registry.metrics();
    expect(text).toContain('ktpflow_activity_slots_used{queue="ktpflow"} 3');
    expect(text).toContain('ktpflow_queue_tasks{queue="ktpflow-inference"} 8');
    expect(text).toContain('ktpflow_queue_oldest_seconds{queue="ktpflow-inference"} 2.5');
    workers = [];
    expect(await metrics.registry.metrics()).not.toContain('ktpflow_activity_slots_used{');
  });
});
