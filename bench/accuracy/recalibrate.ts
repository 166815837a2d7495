import { Command } from 'commander';
import { type Points, worthOf } from '../../src/ktp/calibration-points.ts';
import type { FieldName } from '../../src/ktp/field-names.ts';
import { CALIBRATION, FREE, type Group } from '../../src/ktp/fields/confidence.ts';
import { isotonic, shareRight } from '../../src/ktp/isotonic.ts';
import { UNSURE_AT_MOST } from '../../src/ktp/sure.ts';
import { addToBins, reliabilityBins } from './metrics.ts';
import { type FieldRecord, readRecords } from './records.ts';

/**
 * Refits the tables of src/ktp/fields/confidence.ts on whole readings (see docs/confidence.md): what was said of answers
 * (main.ts --records) against how many were right, by isotonic regression; prints each table with what its pairs turned
 * out to be worth, and the bands of other records, if any are named, before and after.
 */
const options = new Command('recalibrate')
  .argument('<records...>', 'files to fit on')
  .option('--held <files...>', 'files of other seeds to judge by')
  .parse();
const records = await readRecords(options.args);
const { held = [] } = options.opts<{ held?: string[] }>();

const NEVER_LISTED: ReadonlySet<FieldName> = new Set<FieldName>(['nama', 'alamat']);

function groupOf({ field, warnings }: FieldRecord): Group {
  if (warnings.some((warning) => warning.startsWith('derived_from'))) return 'derived';
  const isUnlisted = NEVER_LISTED.has(field) || warnings.includes('not_in_list');
  return FREE.has(field) && isUnlisted ? 'free' : 'formed';
}

const fitted = new Map<Group, Points>();
for (const group of Object.keys(CALIBRATION) as Group[]) {
  const own = records.filter((record) => groupOf(record) === group && record.said !== UNSURE_AT_MOST);
  const bins = isotonic(own.map(({ right, said }) => ({ score: said, right })));
  const points: Points = bins.map((bin) => [bin.score, shareRight(bin)]);
  fitted.set(group, points);
  console.log(`${group}: ${own.length} answers`);
  for (const bin of bins) {
    console.log(`  said ${bin.score.toFixed(3)}, right ${shareRight(bin).toFixed(3)} // ${bin.count}`);
  }
  for (const [score, worth] of CALIBRATION[group]) {
    console.log(`  [${score}, ${worth}] -> ${worthOf(points, worth).toFixed(3)}`);
  }
}

printBands('fitted on', records, (said) => said);
if (held.length > 0) {
  const others = await readRecords(held);
  printBands('others, before', others, (said) => said);
  printBands('others, after', others, (said, record) =>
    said === UNSURE_AT_MOST ? said : worthOf(fitted.get(groupOf(record)) ?? [], said),
  );
}

function printBands(
  title: string,
  list: readonly FieldRecord[],
  worth: (said: number, record: FieldRecord) => number,
): void {
  const bins = reliabilityBins();
  for (const record of list) addToBins(bins, worth(record.said, record), record.right);
  console.log(title);
  for (const { answers, confidence, from, right } of bins) {
    if (answers === 0) continue;
    const percent = (sum: number): string => `${((100 * sum) / answers).toFixed(1)} %`;
    console.log(`  from ${from}: ${answers} answers, said ${percent(confidence)}, right ${percent(right)}`);
  }
}
