import { describe, expect, it } from 'vitest';
import { unreadiness } from '../../../src/api/health/readiness.ts';

const ENGINE = {
  id: 'pp-ocr',
  kind: 'ppocr',
  modelId: 'ktp-ocr',
  ready: true,
  error: null,
  contextLength: null,
} as const;
const READY = { temporal: true, database: true, storage: true, engines: [ENGINE] };

describe('readiness', () => {
  it('is there when everything is', () => {
    expect(unreadiness(READY)).toBeUndefined();
  });

  it.each([
    [{ temporal: false }, 'temporal_unavailable'],
    [{ database: false }, 'database_unavailable'],
    // Uploads were 503 while /health said ok.
    [{ storage: false }, 'storage_unavailable'],
    [{ engines: [{ ...ENGINE, ready: false }] }, 'model_not_ready'],
    [{ engines: [] }, 'model_not_ready'],
  ])('is missing with %j, and says why', (fault, code) => {
    expect(unreadiness({ ...READY, ...fault })).toMatchObject({ code, status: 503 });
  });
});
