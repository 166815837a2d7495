import { Command } from 'commander';
import { FIELD_NAMES } from '../../src/ktp/field-names.ts';
import { type Group, groupOf, scoreReading } from '../../src/ktp/fields/confidence.ts';
import { readFields } from '../../src/ktp/fields/read-fields.ts';
import { isotonic, type Judged, shareRight } from '../../src/ktp/isotonic.ts';
import { readCorpus } from './corpus.ts';
import { isRight } from './truth.ts';

/**
 * Refits the tables of src/ktp/fields/confidence.ts (see docs/confidence.md): scores of readings of a corpus (see collect.ts) against how many of them
 * were right, by isotonic regression over bins; prints tables to paste there. Use pictures of all levels and strengths.
 */
const files = new Command('calibrate').argument('<files...>', 'NDJSON files that collect.ts wrote').parse().args;

const points = new Map<Group, Judged[]>();
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
  for (const bin of isotonic(list)) {
    console.log(`  [${bin.score.toFixed(3)}, ${shareRight(bin).toFixed(3)}], // ${bin.count}`);
  }
}
