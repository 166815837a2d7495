import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { explainIn } from '../../../console/src/problems/explain.ts';
import { SENTENCES_ID } from '../../../console/src/problems/sentences-id.ts';

/** Files whose sentences a clerk reads at work, and how a sentence stands in them. */
const SOURCES = {
  'src/ktp/rules/check-value.ts': /'([A-Z][^']*\.)'|'(It is empty;[^']*)'/g,
  'src/ktp/rules/checks.ts': /'([A-Z][^']*(?:\.|people move\.))'/g,
  'src/inference/model-reader/model-reader.ts': /'(The vision-language model[^']*\.)'/g,
  'src/inference/canary/canary.ts': /'(The model[^']*\.)'/g,
} as const;

const sentencesOf = (path: string, sentence: RegExp): string[] => {
  const text = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  return [...text.matchAll(sentence)].map((match) => match[1] ?? match[2] ?? '');
};

function sourcesUnder(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.map((name) => readFileSync(join(folder, name), 'utf8'));
}

describe('what went wrong, in Indonesian', () => {
  it.each(Object.entries(SOURCES))(
    'has each sentence of %s: a clerk would read English in the midst',
    (path, sentence) => {
      const sentences = sentencesOf(path, sentence);
      expect(sentences.length).toBeGreaterThan(1);
      expect(sentences.filter((one) => !Object.hasOwn(SENTENCES_ID, one))).toEqual([]);
    },
  );

  it('has no sentence that the server does not say any more', () => {
    const said = sourcesUnder(fileURLToPath(new URL('../../../src', import.meta.url))).join('\n');
    const unsaid = Object.keys(SENTENCES_ID).filter((one) => !said.includes(one.replace(/\b100\b/, '$${MAX_LENGTH}')));
    expect(unsaid).toEqual([]);
  });

  it('is told by the sentence, else by the code, else as the server says it; in English as the server says it', () => {
    const problem = { code: 'invalid_value', message: 'A NIK has 16 digits.' };
    expect(explainIn('id', problem)).toBe('NIK terdiri dari 16 angka.');
    expect(explainIn('en', problem)).toBe(problem.message);
    expect(explainIn('id', { ...problem, message: 'Another rule.' })).toBe('Nilai ini tidak diterima.');
    expect(explainIn('id', { code: 'toString', message: 'Of a newer server.' })).toBe('Of a newer server.');
    expect(explainIn('id', 'Memuat …')).toBe('Memuat …');
    expect(explainIn('id', new Error('constructor'))).toBe('constructor');
  });
});
