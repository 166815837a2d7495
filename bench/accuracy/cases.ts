import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KtpflowError } from '../../src/errors.ts';
import { createCardReaderPool } from '../../src/inference/card-reader/pool.ts';
import { parseIsoDate, toPrintedDate } from '../../src/ktp/rules/dates.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { modelPathsIn, modelsFolder } from '../model-paths.ts';
import { canonical, SURE } from './metrics.ts';

/**
 * Reads folders of pictures that lie beside a `truth.json` ({file: {expect?, fields, also_right?, hidden?}}, fields in
 * the compatible shape) and prints what of each was not right: `cases.ts FOLDER... [--only PREFIX]`. For pictures that
 * people report; they stay outside of the repository.
 */
interface Case {
  readonly expect?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly also_right?: Readonly<Record<string, readonly string[]>>;
  readonly hidden?: Readonly<Record<string, string>>;
}

const only = process.argv.indexOf('--only');
const prefixes = only > 0 ? (process.argv[only + 1] ?? '').split(',') : [''];
const folders = process.argv.slice(2, only > 0 ? only : undefined);
const models = await modelsFolder();
const pool = createCardReaderPool({
  modelPaths: modelPathsIn(models),
});
await pool.ready;

function answers(fields: KtpResult['fields']): Record<string, { value: string; confidence: number }> {
  const found: Record<string, { value: string; confidence: number }> = {};
  for (const [name, { value, confidence }] of Object.entries(fields)) {
    const date = parseIsoDate(value ?? '');
    found[name] = { value: canonical(date ? toPrintedDate(date) : (value ?? '')), confidence };
  }
  const { rt, rw } = found;
  const halves = [rt?.value ?? '', rw?.value ?? ''];
  const rtRw = halves.every((half) => half === '') ? '' : halves.join('/');
  found.rt_rw = { value: rtRw, confidence: Math.min(rt?.confidence ?? 0, rw?.confidence ?? 0) };
  return found;
}

const total = { fields: 0, right: 0, surelyWrong: 0, sure: 0, whole: 0, cards: 0, refusals: 0, refused: 0 };

async function readCase(path: string, name: string, expected: Case): Promise<string> {
  const started = performance.now();
  let result: KtpResult | null = null;
  let refusal = '';
  try {
    result = (await pool.read(await readFile(path))).result;
  } catch (error) {
    refusal = error instanceof KtpflowError ? error.code : String(error);
  }
  const ms = Math.round(performance.now() - started);
  if (expected.expect?.startsWith('refuse:') && !result) {
    total.refusals++;
    const right = expected.expect.slice('refuse:'.length).split('|').includes(refusal);
    if (right) total.refused++;
    return `${name}: ${right ? 'refused' : 'REFUSED OTHERWISE'} ${refusal} ${ms} ms`;
  }
  if (expected.expect?.startsWith('refuse:') && !expected.expect.includes('card')) {
    total.refusals++;
    return `${name}: NOT REFUSED ${ms} ms`;
  }
  total.cards++;
  const read = result ? answers(result.fields) : {};
  const wrong: string[] = [];
  for (const [field, truth] of Object.entries(expected.fields ?? {})) {
    const { value, confidence } = read[field] ?? { value: '', confidence: 0 };
    const accepted = [truth, ...(expected.also_right?.[field] ?? [])].map(canonical);
    if (expected.expect === 'partial' || expected.hidden?.[field] !== undefined) accepted.push('');
    const right = accepted.includes(value);
    total.fields++;
    if (value !== '' && confidence >= SURE) total.sure++;
    if (right) total.right++;
    else {
      if (value !== '' && confidence >= SURE) total.surelyWrong++;
      wrong.push(`${field}: ${truth} -> ${value || '(none)'} ${confidence}`);
    }
  }
  if (wrong.length === 0) total.whole++;
  const flags = result ? `[${result.quality.flags.join(' ')}]` : refusal;
  return [`${name}: ${wrong.length === 0 ? 'right' : `${wrong.length} wrong`} ${flags} ${ms} ms`, ...wrong].join(
    '\n    ',
  );
}

for (const folder of folders) {
  const cases = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as Record<string, Case>;
  const names = (await readdir(folder))
    .filter((name) => cases[name] && prefixes.some((p) => name.startsWith(p)))
    .sort();
  const reports = await Promise.all(names.map((name) => readCase(join(folder, name), name, cases[name] as Case)));
  for (const report of reports) console.log(report);
}
console.log(JSON.stringify(total));
await pool.close();
