import { appendFile, readFile } from 'node:fs/promises';
import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import { judge, type ReadFields } from './metrics.ts';
import type { Picture } from './pictures.ts';

/** One answer of ours about one field, held against the truth: what confidences are measured and fitted by. */
export interface FieldRecord {
  readonly picture: string;
  readonly field: FieldName;
  readonly said: number;
  readonly warnings: readonly string[];
  readonly right: boolean;
}

/** Adds a line of JSON for every answer about a card to a file. */
export async function keepRecords(
  path: string,
  pictures: readonly Picture[],
  fieldsOf: (id: string) => ReadFields | null,
): Promise<void> {
  const records: string[] = [];
  for (const { id, truth } of pictures) {
    const fields = truth.document === 'ktp' ? fieldsOf(id) : null;
    for (const field of FIELD_NAMES) {
      const read = fields?.[field];
      if (truth.document !== 'ktp' || !read?.value || read.confidence === null) continue;
      const { confidence: said, warnings = [] } = read;
      const right = judge(field, truth, read) === 'right';
      const record: FieldRecord = { picture: id, field, said, warnings, right };
      records.push(`${JSON.stringify(record)}\n`);
    }
  }
  await appendFile(path, records.join(''));
}

export async function readRecords(paths: readonly string[]): Promise<FieldRecord[]> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as FieldRecord),
  );
}
