import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ConfidenceTable, confidenceTableSchema, valueGroup } from '../../ktp/confidence-table.ts';
import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import {
  FEWEST_VALUES,
  type JudgedValue,
  type MeasuredGroup,
  measureConfidence,
  proposedTable,
} from '../../ktp/review/measure-confidence.ts';
import { asPrinted } from '../../ktp/rules/dates.ts';
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts';
import { type Output, table } from '../output.ts';

export interface CalibrateOptions {
  /** The table that was in force when the cards were read. */
  readonly over?: string;
  /** Where the proposal is to go; without it nothing is written. */
  readonly write?: string;
}

const readSchema = z.object({
  value: z.string().nullable(),
  confidence: z.number().min(0).max(1),
  source: z.string(),
  seen: z.boolean(),
});
/** A truth.json of `ktpflow reviews export`; cards that somebody wrote by hand say nothing of confidences. */
const truthSchema = z.record(
  z.string(),
  z.object({
    fields: z.record(z.string(), z.string()).optional(),
    read: z.partialRecord(z.enum(FIELD_NAMES), readSchema).optional(),
  }),
);
type TrueFields = Readonly<Record<string, string>>;

const WHAT_IT_IS = {
  formed: 'lists, dates and numbers',
  free: 'names, addresses and places',
  derived: 'values told by other fields',
} as const;

/** Holds the confidences of confirmed cards against what they turned out to be, and proposes a table. */
export async function calibrate(
  folders: readonly string[],
  { over, write }: CalibrateOptions,
  output: Output,
): Promise<ExitCode> {
  const before = over === undefined ? {} : await readJson(over, confidenceTableSchema);
  const values: JudgedValue[] = [];
  for (const folder of folders) {
    const truth = await readJson(join(folder, 'truth.json'), truthSchema);
    for (const { fields = {}, read = {} } of Object.values(truth)) values.push(...judge(fields, read));
  }
  const groups = measureConfidence(values);
  const proposal = proposedTable(groups, before);
  if (output.json) await output.print(JSON.stringify({ groups, table: proposal }));
  else for (const group of groups) await output.print(describe(group));
  if (write === undefined) {
    output.say('nothing was written: --write FILE writes the proposal, for CONFIDENCE_TABLE');
    return EXIT.ok;
  }
  return await writeTable(write, proposal, groups, output);
}

async function writeTable(
  path: string,
  proposal: ConfidenceTable,
  groups: readonly MeasuredGroup[],
  output: Output,
): Promise<ExitCode> {
  if (groups.every((group) => group.proposal === null)) {
    output.reportError(`too few values: a group needs ${FEWEST_VALUES}; nothing was written`);
    return EXIT.failure;
  }
  try {
    await writeFile(path, `${JSON.stringify(proposal, null, 1)}\n`);
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} cannot be written`, { cause: error });
  }
  output.say(`${path} was written. Set CONFIDENCE_TABLE to it, and start the inference role again.`);
  return EXIT.ok;
}

/** The values of a card that somebody has looked at. What was not read has no confidence to be wrong about. */
function judge(
  fields: TrueFields,
  read: Readonly<Partial<Record<FieldName, z.infer<typeof readSchema>>>>,
): JudgedValue[] {
  return FIELD_NAMES.flatMap((name) => {
    const was = read[name];
    const truth = truthOf(fields, name);
    if (!was?.seen || was.value === null || truth === undefined) return [];
    const right = asPrinted(was.value) === truth;
    return [{ group: valueGroup(name, was.source), said: was.confidence, right }];
  });
}

function truthOf(fields: TrueFields, name: FieldName): string | undefined {
  if (name === 'rt') return fields.rt_rw?.split('/')[0];
  if (name === 'rw') return fields.rt_rw === '' ? '' : fields.rt_rw?.split('/')[1];
  // Of an older export; what a person emptied is missing, too.
  if (name === 'tempat_terbit' || name === 'tgl_terbit') return fields[name] ?? '';
  return fields[name];
}

function describe({ bands, count, group, proposal }: MeasuredGroup): string {
  const title = `${group}: ${WHAT_IT_IS[group]}, ${count} values`;
  const rows = bands.map(({ count: values, from, right, said, to }) => [
    `${from.toFixed(2)}-${to.toFixed(2)}`,
    String(values),
    said.toFixed(3),
    right.toFixed(3),
  ]);
  const measured = rows.length === 0 ? [] : [table([['BAND', 'VALUES', 'SAID', 'RIGHT'], ...rows])];
  const points = proposal?.map((point) => point.join(' is '));
  const told = points ? `proposal: ${points.join(', ')}` : `no proposal: ${FEWEST_VALUES} values are needed`;
  return `${[title, ...measured, told].join('\n')}\n`;
}

/** @throws CliError for a file that is not there, or is something else */
async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} cannot be read`, { cause: error });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} is not what was expected`, { cause: error });
  }
}
