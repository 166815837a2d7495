import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/cli/commands/calibrate.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import type { Output } from '../../../src/cli/output.ts';
import { ConfigError } from '../../../src/config.ts';
import { readConfidenceTable } from '../../../src/inference/read-confidence-table.ts';

let folder: string;
let printed: string[];
const output: Output = {
  json: false,
  print: async (text) => void printed.push(text),
  say: () => undefined,
  reportError: (text) => void printed.push(text),
  progress: () => undefined,
  endProgress: () => undefined,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ktpflow-calibrate-'));
  printed = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Exported cards whose dates are said with 0.95, and of which every fourth is another one. */
function exportOf(cards: number, { seen = true } = {}): string {
  const truth = Object.fromEntries(
    Array.from({ length: cards }, (_, index) => {
      const read = {
        tgl_lahir: { value: index % 4 === 0 ? '1990-02-02' : '1990-02-01', confidence: 0.95, source: 'ocr', seen },
        rt: { value: '001', confidence: 0.95, source: 'ocr', seen: false },
        rw: { value: null, confidence: 0, source: 'ocr', seen },
        nama: { value: 'BUDI CONTOH', confidence: 0.5, source: 'ocr', seen },
      };
      const fields = { tgl_lahir: '01-02-1990', rt_rw: '001/002', nama: 'BUDI CONTOH' };
      return [`ext_${index.toString(16)}.jpg`, { fields, read }];
    }),
  );
  const path = join(folder, `export-${cards}`);
  mkdirSync(path);
  writeFileSync(join(path, 'truth.json'), JSON.stringify(truth));
  return path;
}

describe('ktpflow reviews calibrate', () => {
  it('tells what was said and what was right, and writes nothing that it was not asked for', async () => {
    const path = exportOf(400);
    expect(await calibrate([path], {}, output)).toBe(EXIT.ok);
    expect(printed.join('\n')).toMatch(
      /formed: lists, dates and numbers, 400 values\n.*\n0\.95-0\.99 +400 +0\.950 +0\.750/,
    );
    expect(printed.join('\n')).toMatch(/free: .*, 400 values\n.*\n0\.50-0\.60 +400 +0\.500 +1\.000/);
    expect(readdirSync(folder)).toEqual(['export-400']);
  });

  it('writes a table that CONFIDENCE_TABLE takes, from what people have looked at only', async () => {
    const paths = [exportOf(400), exportOf(401, { seen: false })];
    const write = join(folder, 'table.json');
    expect(await calibrate(paths, { write }, output)).toBe(EXIT.ok);
    expect(readConfidenceTable(write)?.formed).toEqual([
      [0, 0],
      [0.95, 0.749],
    ]);
    // On top of it, the same cards are right as often as was said.
    expect(await calibrate(paths, { write, over: write }, { ...output, json: true })).toBe(EXIT.ok);
  });

  it('writes no table from too few values', async () => {
    const write = join(folder, 'table.json');
    expect(await calibrate([exportOf(20)], { write }, output)).toBe(EXIT.failure);
    expect(() => readFileSync(write)).toThrow();
  });

  it('says in one line what it cannot read, without a word of what stands there', async () => {
    await expect(calibrate([join(folder, 'none')], {}, output)).rejects.toThrow(/truth.json cannot be read$/);
    const path = exportOf(1);
    writeFileSync(join(path, 'truth.json'), '{"ext_1.jpg": {"read": {"nik": "3171"}}}');
    await expect(calibrate([path], {}, output)).rejects.toThrow(/truth.json is not what was expected$/);
    expect(() => readConfidenceTable(join(path, 'truth.json'))).toThrow(ConfigError);
    expect(() => readConfidenceTable(join(path, 'none'))).toThrow('CONFIDENCE_TABLE: the file cannot be read (ENOENT)');
    expect(readConfidenceTable(undefined)).toBeUndefined();
  });
});
