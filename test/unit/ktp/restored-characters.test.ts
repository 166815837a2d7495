import { describe, expect, it } from 'vitest';
import { restoredCharacters } from '../../../src/ktp/text/restored-characters.ts';
import { decodeEmissions } from '../../../src/text-lines/ctc.ts';
import type { TextLine } from '../../../src/text-lines/text-line.ts';

const COLUMNS: readonly string[] = ['', ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-/', "'"];
/** Steps from one character to the next. */
const PITCH = 10;

/** What the recogniser gave something that it did not read: where it stands, and how far the next character is away. */
interface Doubt {
  readonly behind: string;
  readonly mark: string;
  readonly share: number;
  readonly pitches: number;
}

/** A line of evenly spaced characters, but for the doubt. */
function line(text: string, { behind, mark, pitches, share }: Doubt): TextLine {
  const last = text.indexOf(behind) + behind.length - 1;
  const at = (index: number): number => Math.round(PITCH * (0.5 + index + (index > last ? pitches - 1 : 0)));
  const steps = at(text.length);
  const probabilities = new Float32Array(steps * COLUMNS.length);
  for (let step = 0; step < steps; step++) probabilities[step * COLUMNS.length] = 1;
  const put = (step: number, character: string, probability: number): void => {
    probabilities[step * COLUMNS.length + COLUMNS.indexOf(character)] = probability;
    probabilities[step * COLUMNS.length] = 1 - probability;
  };
  for (const [index, character] of [...text].entries()) put(at(index), character, 1);
  put(Math.round((at(last) + at(last + 1)) / 2), mark, share);
  const emissions = { characters: COLUMNS, steps, probabilities };
  const quad = [0, 1, 2, 3].map(() => ({ x: 0, y: 0 })) as unknown as TextLine['quad'];
  return { ...decodeEmissions(emissions), quad, emissions };
}

const restored = (read: TextLine): string =>
  restoredCharacters(read)
    .map(({ text }) => text)
    .join('');

describe('restoredCharacters', () => {
  it('puts a blank between a stop and a number only where it has room', () => {
    const doubt = { behind: 'NO.', mark: ' ', share: 0.0005 };
    expect(restored(line('JL.MERDEKA NO.118', { ...doubt, pitches: 0.98 }))).toBe('JL.MERDEKA NO.118');
    expect(restored(line('JL. MERDEKA NO.118', { ...doubt, pitches: 1.3 }))).toBe('JL. MERDEKA NO. 118');
  });

  it('puts no blank where the ink has none', () => {
    const read = line('JL. MERDEKA NO.118', { behind: 'NO.', mark: ' ', share: 0.2, pitches: 1.3 });
    const characters = read.characters.map((character, at) =>
      at === 14 ? { ...character, isJoined: true as const } : character,
    );
    expect(read.text[14]).toBe('.');
    expect(restored(read)).toBe('JL. MERDEKA NO. 118');
    expect(restored({ ...read, characters })).toBe('JL. MERDEKA NO.118');
  });

  it('puts a stop that hardly showed back where it left its room and other abbreviations have theirs', () => {
    const doubt = { behind: ' GG', mark: '.', share: 0.00005 };
    expect(restored(line('JL. MELATI GG SAWO', { ...doubt, pitches: 0.95 }))).toBe('JL. MELATI GG. SAWO');
    expect(restored(line('JL. MELATI GG SAWO', { ...doubt, pitches: 0.8 }))).toBe('JL. MELATI GG SAWO');
    expect(restored(line('JL MELATI GG SAWO', { ...doubt, pitches: 0.95 }))).toBe('JL MELATI GG SAWO');
    expect(restored(line('JL. MELATI GG SAWO', { ...doubt, share: 0, pitches: 0.95 }))).toBe('JL. MELATI GG SAWO');
  });

  it('puts an apostrophe back between letters, with as little confidence as it was seen: SYABAN, SYA BAN', () => {
    const doubt = { behind: 'SYA', mark: "'", share: 0.03, pitches: 1.2 };
    expect(restored(line('YUSUF SYABAN', doubt))).toBe("YUSUF SYA'BAN");
    const asBlank = line('YUSUF SYA BAN', { ...doubt, behind: 'SYA ' });
    expect(restored(asBlank)).toBe("YUSUF SYA'BAN");
    const [apostrophe] = restoredCharacters(asBlank).filter(({ text }) => text === "'");
    expect(apostrophe).toMatchObject({ restored: true });
    expect(apostrophe?.confidence).toBeLessThan(0.1);
  });

  it('puts one back between two strokes, which stand nearer than other letters: NYIIMAS', () => {
    const doubt = { behind: 'NYI', mark: "'", share: 0.09, pitches: 1 };
    expect(restored(line('NYIIMAS ROHAYATI', doubt))).toBe("NYI'IMAS ROHAYATI");
    expect(restored(line('NYIIMAS ROHAYATI', { ...doubt, pitches: 0.8 }))).toBe('NYIIMAS ROHAYATI');
  });

  it('makes no apostrophe of a blank, nor behind a consonant, nor of what hardly showed', () => {
    const doubt = { behind: 'SYA', mark: "'", share: 0.03, pitches: 1.2 };
    expect(restored(line('SITI NUR AINI', { ...doubt, behind: 'SITI', share: 0.0004 }))).toBe('SITI NUR AINI');
    expect(restored(line('SYABAN', { ...doubt, share: 0.001 }))).toBe('SYABAN');
    expect(restored(line('SYABAN', { ...doubt, behind: 'S' }))).toBe('SYABAN');
    expect(restored(line('SUMATERA UTARA', { ...doubt, behind: 'SUMATERA U', pitches: 1 }))).toBe('SUMATERA UTARA');
  });

  it('takes a faint blank inside a word out where the letters beside it stand close, in doubt: TENG AH', () => {
    const torn = tornLine('KAMPUNG BARAT TENG AH', 0.55, { faint: 1, others: 1.6 });
    expect(restored(torn)).toBe('KAMPUNG BARAT TENGAH');
    const behind = restoredCharacters(torn).at(-2);
    expect(behind?.text).toBe('A');
    expect(behind?.confidence).toBeLessThan(0.5);
  });

  it('keeps a blank that was clearly seen, has room, or stands in a line whose others have none: KAMPUNG DUA', () => {
    const text = 'KAMPUNG BARAT TENG AH';
    expect(restored(tornLine(text, 0.9, { faint: 1, others: 1.6 }))).toBe(text);
    expect(restored(tornLine(text, 0.55, { faint: 1.3, others: 1.6 }))).toBe(text);
    expect(restored(tornLine(text, 0.55, { faint: 1, others: 1.1 }))).toBe(text);
    expect(restored(tornLine('KAMPUNG DUA', 0.55, { faint: 1, others: 1.6 }))).toBe('KAMPUNG DUA');
  });
});

/** A line whose last blank was hardly seen; distances of the letters beside blanks in pitches. */
function tornLine(text: string, share: number, pitches: { faint: number; others: number }): TextLine {
  const last = text.lastIndexOf(' ');
  let at = 5;
  const steps: number[] = [];
  for (const [index, character] of [...text].entries()) {
    const room = index === last || index === last + 1 ? pitches.faint : pitches.others;
    const beside = character === ' ' || text[index - 1] === ' ';
    if (index > 0) at += Math.round(PITCH * (beside ? room / 2 : 1));
    steps.push(at);
  }
  const count = at + 5;
  const probabilities = new Float32Array(count * COLUMNS.length);
  for (let step = 0; step < count; step++) probabilities[step * COLUMNS.length] = 1;
  for (const [index, character] of [...text].entries()) {
    const step = steps[index] ?? 0;
    const probability = index === last ? share : 1;
    probabilities[step * COLUMNS.length + COLUMNS.indexOf(character)] = probability;
    probabilities[step * COLUMNS.length] = 1 - probability;
  }
  const emissions = { characters: COLUMNS, steps: count, probabilities };
  const quad = [0, 1, 2, 3].map(() => ({ x: 0, y: 0 })) as unknown as TextLine['quad'];
  return { ...decodeEmissions(emissions), quad, emissions };
}
