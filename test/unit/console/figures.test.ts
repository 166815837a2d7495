import { describe, expect, it } from 'vitest';
import { durationText } from '../../../console/src/batches/duration-text.ts';
import { figuresOf } from '../../../console/src/system/figures.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';

describe('figures of the system page', () => {
  it('are found in what /metrics says: a metric with another name would be shown as nothing', async () => {
    const metrics = createMetrics();
    metrics.extractionFinished('succeeded', null);
    metrics.extractionFinished('succeeded', null);
    metrics.extractionFinished('failed', 'not_a_ktp');
    metrics.extractionFinished('failed', 'invalid_image');
    metrics.extractionFinished('failed', 'invalid_image');
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/^ktpflow_waiting_requests 0$/m);
    expect(text).toMatch(/^ktpflow_live_streams 0$/m);
    expect(figuresOf(text)).toEqual([
      { name: 'waiting', value: 0 },
      { name: 'streams', value: 0 },
      { name: 'read', value: 2 },
      { name: 'failed', value: 3 },
    ]);
    expect(figuresOf('')).toEqual([]);
  });
});

describe('the time that a batch still takes', () => {
  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [95, '1 min 35 s'],
    [3599.6, '1 h 0 min'],
    [7384, '2 h 3 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});
