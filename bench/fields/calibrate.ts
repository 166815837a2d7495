import { Command } from 'commander';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { type Group, groupOf, scoreReading } from '../../src/ktp/fields/confidence.ts';
import { readFields } from '../../src/ktp/fields/read-fields.ts';
import { readCorpus } from './corpus.ts';
import { isRight } from './truth.ts';

/**
 * Refits the tables of src/ktp/fields/confidence.ts (see docs/confidence.md): scores of readings of a corpus (see collect.ts) against how many of them
 * were right, by isotonic regression over bins; prints tables to paste there. Use pictures of all levels and strengths.
 */
const files = new Command('calibrate').argument('<files...>', 'NDJSON files that collect.ts wrote').parse().args;

interface Point {
  readonly score: number;
  readonly right: boolean;
}

interface Bin {
  score: number;
  right: number;
  count: number;
}

/** Points in a bin: fewer say too little. */
const BIN = 30;
/** Each bin counts half a wrong reading more than it has: rarer faults than the corpus can show exist. */
const DOUBT = 0.5;

const points = new Map<Group, Point[]>();
for (const file of files) {
  for await (const { truth, lines } of readCorpus(file)) {
    if (truth.document !== 'ktp') continue;
    const { readings } = readFields(lines);
    for (const name of FIELD_NAMES) {
      const reading = readings[name];
      if (reading.value === null) continue;
      const group = groupOf(name, reading);
      const list = points.get(group) ?? [];
      points.set(group, list);
      list.push({ score: scoreReading(name, reading), right: isRight(truth, name, reading.value) });
    }
  }
}

for (const [group, list] of points) {
  console.log(`${group}: ${list.length} readings`);
  for (const { score, right, count } of isotonic(list)) {
    console.log(`  [${score.toFixed(3)}, ${(right / (count + DOUBT)).toFixed(3)}], // ${count}`);
  }
}

/** Bins of rising scores, neighbours pooled until the share of right readings rises too. */
function isotonic(list: readonly Point[]): Bin[] {
  const sorted = [...list].sort((first, second) => first.score - second.score);
  const bins: Bin[] = [];
  for (let start = 0; start < sorted.length; start += BIN) {
    const part = sorted.slice(start, start + BIN);
    bins.push({
      score: part.reduce((sum, { score }) => sum + score, 0) / part.length,
      right: part.filter(({ right }) => right).length,
      count: part.length,
    });
    for (;;) {
      const last = bins.at(-1);
      const before = bins.at(-2);
      if (!last || !before || before.right / before.count < last.right / last.count) break;
      bins.splice(-2, 2, {
        score: (before.score * before.count + last.score * last.count) / (before.count + last.count),
        right: before.right + last.right,
        count: before.count + last.count,
      });
    }
  }
  return bins;
}
