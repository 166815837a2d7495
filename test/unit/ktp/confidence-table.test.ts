import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { worthOf } from '../../../src/ktp/calibration-points.ts';
import { type ConfidenceTable, confidenceTableSchema, withConfidenceTable } from '../../../src/ktp/confidence-table.ts';
import { FIELD_NAMES } from '../../../src/ktp/field-names.ts';
import {
  FEWEST_VALUES,
  type JudgedValue,
  measureConfidence,
  proposedTable,
} from '../../../src/ktp/review/measure-confidence.ts';
import { specimenResult } from '../../support/results.ts';

const card = await specimenResult();

/** So many values of a group, of which every n-th is wrong. */
function values(group: JudgedValue['group'], said: number, count: number, wrongEvery: number): JudgedValue[] {
  return Array.from({ length: count }, (_, index) => ({ group, said, right: index % wrongEvery !== 0 }));
}

function proposalFor(judged: readonly JudgedValue[], before: ConfidenceTable = {}): ConfidenceTable {
  return proposedTable(measureConfidence(judged), before);
}

describe('a table of confidences', () => {
  it('changes how sure values of its groups are said to be, and nothing else', () => {
    const fields = { ...card.fields, nama: { ...card.fields.nama, confidence: 0.8 } };
    const table = {
      free: [
        [0, 0],
        [0.9, 0.45],
        [1, 0.9],
      ] as [number, number][],
    };
    const result = withConfidenceTable({ ...card, fields }, table);
    expect(result.fields.nama).toEqual({ ...fields.nama, confidence: 0.4 });
    expect(result.fields.nik).toEqual(card.fields.nik);
    expect({ ...result, fields: card.fields }).toEqual(card);
  });

  it('never says that something derived is sure, nor anything of what was not read', () => {
    const derived = { ...card.fields.tgl_lahir, source: 'derived' as const, confidence: 0.5 };
    const unread = { ...card.fields.agama, value: null, confidence: 0 };
    const fields = { ...card.fields, tgl_lahir: derived, agama: unread };
    const sure: [number, number][] = [
      [0, 0.99],
      [1, 0.999],
    ];
    const result = withConfidenceTable({ ...card, fields }, { formed: sure, derived: sure });
    expect(result.fields.tgl_lahir.confidence).toBe(0.88);
    expect(result.fields.agama.confidence).toBe(0);
  });

  it('keeps the order of values, and lets no rival overtake one, whatever it says', () => {
    const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
    const tables = fc.array(fc.tuple(share, share), { minLength: 2, maxLength: 12 }).map((pairs) => {
      const said = [...new Set(pairs.map(([first]) => first))].sort((one, other) => one - other);
      const worth = pairs.map(([, second]) => second).sort((one, other) => one - other);
      return said.map((value, index): [number, number] => [value, worth[index] ?? 1]);
    });
    fc.assert(
      fc.property(tables, share, share, share, (points, first, second, rivalShare) => {
        fc.pre(points.length > 1);
        const table = confidenceTableSchema.parse({ formed: points });
        const [low, high] = first < second ? [first, second] : [second, first];
        expect(worthOf(points, low)).toBeLessThanOrEqual(worthOf(points, high));
        const rival = { value: '0000000000000000', confidence: Math.min(high, (1 - high) * rivalShare) };
        const nik = { ...card.fields.nik, confidence: high, alternatives: [rival] };
        const { fields } = withConfidenceTable({ ...card, fields: { ...card.fields, nik } }, table);
        const [kept] = fields.nik.alternatives ?? [];
        expect(kept?.confidence).toBeLessThanOrEqual(fields.nik.confidence);
        expect((kept?.confidence ?? 0) + fields.nik.confidence).toBeLessThanOrEqual(1.002);
        expect(FIELD_NAMES.every((name) => fields[name].confidence <= 1)).toBe(true);
      }),
    );
  });

  it.each([
    [
      'falls',
      {
        formed: [
          [0, 0.5],
          [1, 0.4],
        ],
      },
    ],
    [
      'says two things of one confidence',
      {
        formed: [
          [0.5, 0.5],
          [0.5, 0.6],
        ],
      },
    ],
    [
      'is beyond one',
      {
        free: [
          [0, 0],
          [1, 1.2],
        ],
      },
    ],
    [
      'is of a group that there is not',
      {
        nik: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  ])('is refused where it %s', (_, table) => {
    expect(confidenceTableSchema.safeParse(table).success).toBe(false);
  });
});

describe('measuring confidences', () => {
  it('tells what was said and what was right, by group and band', () => {
    const judged = [...values('formed', 0.995, 200, 50), ...values('formed', 0.6, 10, 2), ...values('free', 0.3, 4, 1)];
    const [formed, free, derived] = measureConfidence(judged);
    expect(formed?.bands).toEqual([
      { from: 0.6, to: 0.7, count: 10, said: 0.6, right: 0.5 },
      { from: 0.99, to: 1, count: 200, said: 0.995, right: 0.98 },
    ]);
    expect(free).toMatchObject({ count: 4, bands: [{ count: 4, right: 0 }] });
    expect(derived).toEqual({ group: 'derived', count: 0, bands: [], proposal: null });
  });

  it('proposes nothing from a handful of cards', () => {
    expect(proposalFor(values('formed', 0.9, FEWEST_VALUES - 1, 2))).toEqual({});
    expect(proposalFor(values('formed', 0.9, FEWEST_VALUES, 2))).toHaveProperty('formed');
  });

  it('proposes what was right of each confidence, and never that anything is certain', () => {
    const { formed = [] } = proposalFor([...values('formed', 0.998, 3000, 20), ...values('formed', 0.7, 600, 2)]);
    expect(worthOf(formed, 0.7)).toBeCloseTo(0.5, 2);
    expect(worthOf(formed, 0.998)).toBeCloseTo(0.95, 2);
    const { free = [] } = proposalFor(values('free', 0.9, 1000, 2000).map((value) => ({ ...value, right: true })));
    expect(worthOf(free, 1)).toBe(0.999);
  });

  it('looks through the table that was in force, so that a second fit does not count the first one twice', () => {
    const before: ConfidenceTable = {
      formed: [
        [0, 0],
        [0.5, 0.2],
        [1, 0.9],
      ],
      free: [
        [0, 0],
        [1, 0.5],
      ],
    };
    // What the built-in table calls 0.5 was said to be 0.2, and is right in half of the cases.
    const judged = [...values('formed', 0.2, 600, 2), ...values('formed', 0.9, 600, 5)];
    const after = proposalFor(judged, before);
    expect(worthOf(after.formed ?? [], 0.5)).toBeCloseTo(0.5, 2);
    expect(worthOf(after.formed ?? [], 1)).toBeCloseTo(0.8, 2);
    expect(after.free).toEqual(before.free);
    expect(confidenceTableSchema.safeParse(after).success).toBe(true);
  });

  it('proposes a table that the setting takes, whatever was measured', () => {
    const judged = fc.array(
      fc.record({
        group: fc.constantFrom('formed' as const, 'free' as const, 'derived' as const),
        said: fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000),
        right: fc.boolean(),
      }),
      { minLength: 320, maxLength: 1300 },
    );
    fc.assert(
      fc.property(judged, judged, (first, second) => {
        const once = proposalFor(first);
        expect(confidenceTableSchema.safeParse(once).success).toBe(true);
        expect(confidenceTableSchema.safeParse(proposalFor(second, once)).success).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
