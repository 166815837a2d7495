import { readFile } from 'node:fs/promises';
import { toCompatibleCard } from '../../src/ktp/compat.ts';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { type KtpResult, ktpResultSchema } from '../../src/ktp/schema.ts';

/** The result that a perfect reader gives for the first example, for tests that stand in for the reader. */
export async function specimenResult(): Promise<KtpResult> {
  const truth = JSON.parse(await readFile(new URL('../../examples/ktp-1.json', import.meta.url), 'utf8'));
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => {
      const value: string | null = truth.fields[name] ?? null;
      return [name, { value, raw: value, confidence: 1, source: 'ocr', box: null, warnings: [] }];
    }),
  ) as unknown as KtpResult['fields'];
  return ktpResultSchema.parse({
    document: 'ktp',
    fields,
    compat: toCompatibleCard(fields),
    checks: [],
    quality: { flags: [], scores: {}, affected_fields: [] },
    engine: { strategy: 'ocr', ocr: 'pp-ocr', vlm: null },
  });
}
