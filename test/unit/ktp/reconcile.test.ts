import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import { readKtp } from '../../../src/ktp/read-ktp.ts';
import type { Field, KtpResult } from '../../../src/ktp/schema.ts';
import { SURE } from '../../../src/ktp/sure.ts';
import { answerSchema, parseAnswer } from '../../../src/ktp/vlm/answer-schema.ts';
import { ALL_QUESTIONS, chooseQuestions } from '../../../src/ktp/vlm/choose-questions.ts';
import { type PrintedValues, printedLines } from '../../../src/ktp/vlm/printed-lines.ts';
import { reconcile } from '../../../src/ktp/vlm/reconcile.ts';

/** As printed; an invented person. */
const CARD = {
  provinsi: 'JAWA BARAT',
  kabupaten_kota: 'KABUPATEN BOGOR',
  nik: '3201015708900000',
  nama: 'SITI SPESIMEN',
  tempat_lahir: 'BOGOR',
  tgl_lahir: '17-08-1990',
  jenis_kelamin: 'PEREMPUAN',
  gol_darah: 'O',
  alamat: 'JL. MERDEKA NO. 12',
  rt: '003',
  rw: '007',
  kel_desa: 'PAKANSARI',
  kecamatan: 'CIBINONG',
  agama: 'ISLAM',
  status_perkawinan: 'BELUM KAWIN',
  pekerjaan: 'PELAJAR/MAHASISWA',
  kewarganegaraan: 'WNI',
  berlaku_hingga: 'SEUMUR HIDUP',
  tempat_terbit: 'BOGOR',
  tgl_terbit: '05-06-2015',
} satisfies PrintedValues;

const { lines, page } = printedLines(CARD);
const TRUE = readKtp(lines, page);

/** A reading by OCR with some fields changed. */
function reading(
  changes: Partial<Record<FieldName, Partial<Field>>> = {},
): Pick<KtpResult, 'fields' | 'checks' | 'quality'> {
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, { ...TRUE.fields[name], confidence: 0.99, ...changes[name] }]),
  ) as KtpResult['fields'];
  return { fields, checks: [], quality: { flags: [], scores: {}, affected_fields: [] } };
}

const pick = (...names: FieldName[]): PrintedValues => Object.fromEntries(names.map((name) => [name, CARD[name]]));

describe('a card that a model has read', () => {
  it('goes through the rules of a card: the same values as from its lines', () => {
    const empty = Object.fromEntries(FIELD_NAMES.map((name) => [name, { value: null, confidence: 0 }]));
    const { compat, fields } = reconcile(reading(empty), CARD, ALL_QUESTIONS, true);
    expect(compat.nik).toBe(CARD.nik);
    expect(fields.tgl_lahir).toMatchObject({ value: '1990-08-17', source: 'vlm' });
    for (const name of FIELD_NAMES) expect(fields[name].value).toBe(TRUE.fields[name].value);
    for (const name of FIELD_NAMES) expect(fields[name].confidence).toBeLessThan(SURE);
  });
});

describe('what is asked', () => {
  it('is what is missing, doubtful or contradicted, with fields that are known beside it', () => {
    const ocr = reading({ nama: { confidence: 0.5 }, kel_desa: { value: null, confidence: 0 } });
    const contradicted = [
      { code: 'nik_sex_mismatch', level: 'warning' as const, fields: ['nik', 'jenis_kelamin'], message: '' },
    ];
    expect(chooseQuestions({ ...ocr, checks: contradicted }, { thorough: false })).toEqual({
      doubtful: ['nik', 'nama', 'jenis_kelamin', 'kel_desa'],
      controls: ['tgl_lahir', 'kecamatan'],
      unconfirmed: [],
    });
  });

  it('is also what a card need not have, where the whole card is shown anyway', () => {
    const missing = { value: null, confidence: 0, box: null };
    const ocr = reading({ kel_desa: missing, gol_darah: missing });
    expect(chooseQuestions(ocr, { thorough: false }).doubtful).toEqual(['kel_desa', 'gol_darah']);
  });

  it('is what a card need not have where a caller wants no field left out', () => {
    const ocr = reading({ gol_darah: { value: null, confidence: 0, box: null } });
    expect(chooseQuestions(ocr, { thorough: true })).toMatchObject({
      doubtful: ['gol_darah'],
      controls: ['tgl_lahir', 'nik'],
    });
  });

  it('is also the free text that OCR is sure of, where a caller wants no field left out and cut-outs have room for it', () => {
    const ocr = reading({ nama: { confidence: 0.97 }, alamat: { confidence: 0.91 }, agama: { confidence: 0.8 } });
    expect(chooseQuestions(ocr, { thorough: true })).toEqual({
      doubtful: ['agama'],
      controls: ['tgl_lahir', 'nik'],
      unconfirmed: ['nama', 'alamat'],
    });
    expect(chooseQuestions(ocr, { thorough: false }).unconfirmed).toEqual([]);
    expect(chooseQuestions(reading({ alamat: { confidence: 0.91 } }), { thorough: true }).doubtful).toEqual([]);
    const box: Field['box'] = [0.1, 0.1, 0.4, 0.2];
    const many = Object.fromEntries(FIELD_NAMES.slice(9, 16).map((name) => [name, { confidence: 0.8, box }]));
    const full = reading({ ...many, nama: { confidence: 0.91 }, alamat: { confidence: 0.91 } });
    expect(chooseQuestions(full, { thorough: true }).unconfirmed).toEqual(['nama']);
  });

  it('is nothing where all is sure, nor what a card need not have', () => {
    expect(
      chooseQuestions(reading({ gol_darah: { value: null, confidence: 0 } }), { thorough: false }).doubtful,
    ).toEqual([]);
  });
});

describe('putting two readings together', () => {
  const questions = { doubtful: ['nama'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
  /** With a second doubtful field, which OCR has read right: by it a model shows that it reads what is hard. */
  const two = { doubtful: ['nama', 'alamat'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
  const hard = { alamat: { confidence: 0.85 } };

  it('is surer of what both say, and says so', () => {
    const { fields } = reconcile(reading({ nama: { confidence: 0.7 } }), pick('nama', 'tgl_lahir'), questions, true);
    expect(fields.nama).toMatchObject({ value: 'SITI SPESIMEN', source: 'both' });
    expect(fields.nama.confidence).toBeGreaterThan(SURE);
  });

  it('is no surer for a model that has not passed its canary, nor takes its word over that of OCR', () => {
    const ocr = reading({ ...hard, nama: { confidence: 0.4, value: 'SITI SPESIMIN' } });
    const { fields } = reconcile(ocr, pick('nama', 'alamat', 'tgl_lahir'), two, false);
    expect(fields.nama).toMatchObject({ value: 'SITI SPESIMIN', confidence: 0.4 });
    const same = reconcile(reading({ nama: { confidence: 0.7 } }), pick('nama', 'tgl_lahir'), questions, false);
    expect(same.fields.nama.confidence).toBe(0.7);
  });

  it('takes the likelier of two, shows both, and is not sure', () => {
    const ocr = reading({ ...hard, nama: { confidence: 0.4, value: 'SITI SPESIMIN' } });
    const { fields } = reconcile(ocr, pick('nama', 'alamat', 'tgl_lahir'), two, true);
    expect(fields.nama).toMatchObject({
      value: 'SITI SPESIMEN',
      source: 'vlm',
      readings: { ocr: 'SITI SPESIMIN', vlm: 'SITI SPESIMEN' },
      warnings: expect.arrayContaining(['ocr_reads_otherwise']),
    });
    expect(fields.nama.confidence).toBeLessThan(SURE);
  });

  it('keeps letters that OCR is fairly sure of: a model that is wrong once in a while gets the known fields right too', () => {
    const ocr = reading({ ...hard, nama: { confidence: 0.7, value: 'SITI SPESIMIN' } });
    const { fields } = reconcile(ocr, pick('nama', 'alamat', 'tgl_lahir'), two, true);
    expect(fields.nama).toMatchObject({
      value: 'SITI SPESIMIN',
      readings: { ocr: 'SITI SPESIMIN', vlm: 'SITI SPESIMEN' },
      warnings: expect.arrayContaining(['model_reads_otherwise']),
    });
  });

  it('keeps letters against a model that has read nothing hard of this card', () => {
    const ocr = reading({ nama: { confidence: 0.2, value: 'SITI SPESIMIN' } });
    expect(reconcile(ocr, pick('nama', 'tgl_lahir'), questions, true).fields.nama.value).toBe('SITI SPESIMIN');
    // Mended by a list to what OCR has: not read.
    const listed = reading({ nama: { confidence: 0.2, value: 'SITI SPESIMIN' }, agama: { confidence: 0.6 } });
    const asked = { doubtful: ['nama', 'agama'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
    const answer = { ...pick('nama', 'tgl_lahir'), agama: 'ISLEM' };
    expect(reconcile(listed, answer, asked, true).fields.nama.value).toBe('SITI SPESIMIN');
  });

  it('believes nothing of a model that knows the known fields and reads most of the nearly known ones otherwise', () => {
    const ocr = reading({
      nama: { confidence: 0.88 },
      alamat: { confidence: 0.85 },
      rw: { value: null, confidence: 0 },
    });
    const asked = { doubtful: ['nama', 'alamat', 'rw'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
    const liar = { ...pick('tgl_lahir', 'rw'), nama: 'SITI SPESOMEN', alamat: 'JL. MERDOKA NO. 12' };
    const { believed, fields } = reconcile(ocr, liar, asked, true);
    expect([believed, fields]).toEqual([false, ocr.fields]);
    // One of two is no majority: the gap is filled.
    const { fields: filled } = reconcile(ocr, { ...liar, nama: CARD.nama }, asked, true);
    expect([filled.rw.value, filled.alamat.value]).toEqual([CARD.rw, CARD.alamat]);
  });

  it('takes marks, what OCR has seen as well, and what our rules had to guess, from a model that reads the known fields of this card right', () => {
    const alternatives = [{ value: 'SITI SPESIMEN', confidence: 0.1 }];
    const ocr = reading({
      nama: { confidence: 0.88, value: 'SITI SPESIMIN', alternatives },
      alamat: { confidence: 0.88, value: 'JL MERDEKA NO 12' },
      rw: { confidence: 0.8, value: '001', warnings: ['repaired'] },
      rt: { confidence: 0.7, value: '001' },
    });
    const asked = {
      doubtful: ['nama', 'alamat', 'rt', 'rw'] as const,
      controls: ['tgl_lahir'] as const,
      unconfirmed: [],
    };
    const { fields } = reconcile(ocr, pick('nama', 'alamat', 'rt', 'rw', 'tgl_lahir'), asked, true);
    expect([fields.nama.value, fields.alamat.value, fields.rw.value]).toEqual([CARD.nama, CARD.alamat, CARD.rw]);
    expect(fields.rt.value).toBe('001');
    const unknown = reconcile(ocr, pick('nama'), { doubtful: ['nama'], controls: [], unconfirmed: [] }, true);
    expect(unknown.fields.nama.value).toBe('SITI SPESIMIN');
  });

  it('fills what OCR could not read, never as sure', () => {
    const ocr = reading({ nama: { value: null, confidence: 0 } });
    const { compat, fields } = reconcile(ocr, pick('nama', 'tgl_lahir'), questions, true);
    expect(fields.nama).toMatchObject({ value: 'SITI SPESIMEN', source: 'vlm' });
    expect(fields.nama.confidence).toBeLessThan(SURE);
    expect(compat.nama).toBe('SITI SPESIMEN');
  });

  it('takes either half of RT and RW where the other cannot be read', () => {
    const missing = { value: null, confidence: 0 };
    const halves = { doubtful: ['rt', 'rw'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
    for (const half of ['rt', 'rw'] as const) {
      const answer = { rt: null, rw: null, ...pick(half, 'tgl_lahir') };
      const { fields } = reconcile(reading({ rt: missing, rw: missing }), answer, halves, true);
      expect([fields.rt.value, fields.rw.value]).toEqual(half === 'rt' ? [CARD.rt, null] : [null, CARD.rw]);
    }
  });

  const spot = { flags: ['glare' as const], scores: {}, affected_fields: ['nama', 'agama'] };
  const fragment = { nama: { confidence: 0.85, value: 'SITI SPES' } };

  it('drops a fragment under a burnt-out spot that a model which reads what is hard cannot read, and shows it', () => {
    const answer = { ...pick('tgl_lahir', 'alamat'), nama: null };
    const ocr = { ...reading({ ...hard, ...fragment }), quality: spot };
    const { fields } = reconcile(ocr, answer, two, true);
    expect(fields.nama).toMatchObject({ value: null, confidence: 0, readings: { ocr: 'SITI SPES', vlm: null } });
    const nobody = [
      reconcile(ocr, { ...answer, alamat: null }, { ...two, controls: [] }, true),
      reconcile(ocr, answer, two, false),
      reconcile({ ...ocr, quality: { ...spot, flags: ['overlay'] } }, answer, two, true),
    ];
    for (const other of nobody) expect(other.fields.nama.value).toBe('SITI SPES');
  });

  it('drops a fragment at the edge of the picture, and what our rules have made of one under a spot, also where no field was known', () => {
    const asked = { doubtful: ['nama', 'rt', 'alamat'] as const, controls: [], unconfirmed: [] };
    const answer = { ...pick('alamat'), nama: null, rt: null };
    const rest = { rt: { confidence: 0.77, value: '000', warnings: ['normalised'] } };
    const edge = {
      ...fragment.nama,
      value: 'TI SPESIMEN',
      box: [0, 0.3, 0.4, 0.36] as [number, number, number, number],
    };
    const { fields } = reconcile(
      { ...reading({ ...hard, ...rest, nama: edge }), quality: { ...spot, affected_fields: ['rt'] } },
      answer,
      asked,
      true,
    );
    expect([fields.nama.value, fields.rt.value, fields.alamat.value]).toEqual([null, null, CARD.alamat]);
    const inside = { ...edge, box: [0.02, 0.3, 0.4, 0.36] as [number, number, number, number] };
    const whole = reconcile(reading({ ...hard, ...rest, nama: inside }), answer, asked, true);
    expect([whole.fields.nama.value, whole.fields.rt.value]).toEqual(['TI SPESIMEN', '000']);
  });

  it('takes a name whose words OCR has seen, each in one of its looks', () => {
    const alternatives = [{ value: 'SITO SPESIMEN', confidence: 0.03 }];
    const ocr = reading({ ...hard, nama: { confidence: 0.88, value: 'SITI SPESIMIN', alternatives } });
    expect(reconcile(ocr, pick('nama', 'alamat', 'tgl_lahir'), two, true).fields.nama.value).toBe(CARD.nama);
    const other = { ...pick('alamat', 'tgl_lahir'), nama: 'SITA SPESIMEN' };
    expect(reconcile(ocr, other, two, true).fields.nama.value).toBe('SITI SPESIMIN');
    const read = { ...pick('nama', 'tgl_lahir'), alamat: null };
    expect(reconcile(ocr, read, two, true).fields.nama.value).toBe('SITI SPESIMIN');
  });

  it('takes one word that OCR has seen as another possibility, from a model that reads what is hard', () => {
    const alternatives = [{ value: 'BOGOR', confidence: 0.07 }];
    const asked = { doubtful: ['tempat_lahir', 'alamat'] as const, controls: ['nik'] as const, unconfirmed: [] };
    const ocr = reading({
      ...hard,
      tempat_lahir: { confidence: 0.88, value: 'BOGO', alternatives },
      tgl_lahir: { value: null, confidence: 0 },
    });
    const answer = pick('tempat_lahir', 'alamat', 'nik');
    expect(reconcile(ocr, answer, asked, true).fields.tempat_lahir.value).toBe('BOGOR');
    expect(reconcile(ocr, { ...answer, alamat: null }, asked, true).fields.tempat_lahir.value).toBe('BOGO');
  });

  it('takes the letter of a gap that tears one off a word, and no other', () => {
    const torn = (value: string, nama: string) => {
      const ocr = reading({ ...hard, nama: { confidence: 0.88, value } });
      return reconcile(ocr, { ...pick('alamat', 'tgl_lahir'), nama }, two, true).fields.nama.value;
    };
    expect(torn('SITI SPESIM N', 'SITI SPESIMEN')).toBe('SITI SPESIMEN');
    expect(torn('S TI SPESIMEN', 'SITI SPESIMEN')).toBe('SITI SPESIMEN');
    expect(torn('SITI SPESI EN', 'SITI SPESIMEN')).toBe('SITI SPESI EN');
    expect(torn('SITI S. PESIMEN', 'SITI SAPESIMEN')).toBe('SITI S. PESIMEN');
    expect(torn('SITI SPESIM N', 'SITA SPESIMEN')).toBe('SITI SPESIM N');
  });

  it('takes letters that OCR doubts from a model that reads four fields of this card as OCR has, and none otherwise', () => {
    const others = ['alamat', 'rt', 'rw', 'kel_desa'] as const;
    const asked = { doubtful: ['nama', ...others] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
    const doubts = Object.fromEntries(others.map((name) => [name, { confidence: 0.85 }]));
    const ocr = reading({ ...doubts, nama: { confidence: 0.81, value: 'SITI SPESIMIN' } });
    const answer = pick('nama', ...others, 'tgl_lahir');
    expect(reconcile(ocr, answer, asked, true).fields.nama).toMatchObject({ value: CARD.nama, source: 'vlm' });
    const three = { ...answer, rt: null };
    const oneWrong = { ...answer, rt: '009' };
    for (const less of [three, oneWrong])
      expect(reconcile(ocr, less, asked, true).fields.nama.value).toBe('SITI SPESIMIN');
    const surer = reading({ ...doubts, nama: { confidence: 0.85, value: 'SITI SPESIMIN' } });
    expect(reconcile(surer, answer, asked, true).fields.nama.value).toBe('SITI SPESIMIN');
  });

  it('takes what stands on a list for what is on none, from a model that knows this card', () => {
    const ocr = reading({ provinsi: { confidence: 0.6, value: 'JAWA BARAT ADA', warnings: ['not_in_list'] } });
    const asked = { doubtful: ['provinsi'] as const, controls: ['tgl_lahir'] as const, unconfirmed: [] };
    const said = (provinsi: string, controls = asked.controls as readonly FieldName[], trusted = true) =>
      reconcile(ocr, { ...pick('tgl_lahir'), provinsi }, { ...asked, controls }, trusted).fields.provinsi.value;
    expect(said('JAWA BARAT')).toBe('JAWA BARAT');
    // One letter wrong: our list would mend it, and that is not read.
    expect(said('JAWA BORAT')).toBe('JAWA BARAT ADA');
    expect(said('JAWA BARAT', [])).toBe('JAWA BARAT ADA');
    expect(said('JAWA BARAT', asked.controls, false)).toBe('JAWA BARAT ADA');
  });

  it('changes free text that OCR is sure of only to what OCR has seen as well, and says that it is in doubt', () => {
    const asked = { doubtful: ['alamat'] as const, controls: ['tgl_lahir'] as const, unconfirmed: ['nama'] as const };
    const alternatives = [{ value: 'SITI SPESIMEN', confidence: 0.02 }];
    const put = (field: Partial<Field>, answer: PrintedValues = {}, trusted = true) =>
      reconcile(
        reading({ ...hard, nama: { confidence: 0.91, value: 'SITI SPESIMIN', ...field } }),
        { ...pick('nama', 'alamat', 'tgl_lahir'), ...answer },
        asked,
        trusted,
      ).fields.nama;
    expect(put({ alternatives })).toMatchObject({ value: CARD.nama, source: 'vlm' });
    const kept = put({});
    expect(kept).toMatchObject({ value: 'SITI SPESIMIN', readings: { ocr: 'SITI SPESIMIN', vlm: CARD.nama } });
    expect([put({ alternatives }), kept].every(({ confidence }) => confidence < SURE)).toBe(true);
    const unchanged = { value: 'SITI SPESIMIN', confidence: 0.91, source: 'ocr' };
    expect(put({ alternatives }, { alamat: null })).toMatchObject(unchanged);
    expect(put({ alternatives }, {}, false)).toMatchObject(unchanged);
    expect(put({ alternatives }, { nama: null })).toMatchObject(unchanged);
    expect(put({}, { nama: 'SITI SPESIMIN' })).toMatchObject({ value: 'SITI SPESIMIN', source: 'both' });
  });

  it('takes no guess for a guess: a model that has shown nothing on this card replaces nothing', () => {
    const ocr = reading({ rw: { confidence: 0.83, value: '016', warnings: ['normalised'] } });
    const { fields } = reconcile(ocr, { rw: '046' }, { doubtful: ['rw'], controls: [], unconfirmed: [] }, true);
    expect(fields.rw).toMatchObject({ value: '016', readings: { ocr: '016', vlm: '046' } });
  });

  it('drops what no list knows, and nothing that is told otherwise', () => {
    const answer = { ...pick('tgl_lahir', 'alamat'), agama: null, kecamatan: null };
    const asked = {
      doubtful: ['agama', 'kecamatan', 'alamat'] as const,
      controls: ['tgl_lahir'] as const,
      unconfirmed: [],
    };
    const gap = { agama: { confidence: 0.4, warnings: ['gap', 'completed'] } };
    const unlisted = { kecamatan: { confidence: 0.7, value: 'BINONG', warnings: ['not_in_list'] } };
    const { fields } = reconcile({ ...reading({ ...hard, ...gap, ...unlisted }), quality: spot }, answer, asked, true);
    expect([fields.agama.value, fields.kecamatan.value]).toEqual(['ISLAM', null]);
  });

  it('drops what no list knows where three fields are cut or unlisted: something lies on the card', () => {
    const unlisted = { confidence: 0.68, value: 'KULAP', warnings: ['not_in_list'] };
    const cut = { value: null, confidence: 0, warnings: ['gap', 'cut'] };
    const names = ['kel_desa', 'kecamatan', 'pekerjaan'] as const;
    const ask = (doubtful: readonly FieldName[], controls: readonly FieldName[]) => {
      const silence = { ...pick('tgl_lahir'), ...Object.fromEntries(doubtful.map((name) => [name, null])) };
      const ocr = reading({ kel_desa: unlisted, kecamatan: unlisted, pekerjaan: cut });
      return reconcile(ocr, silence, { doubtful, controls, unconfirmed: [] }, true).fields.kel_desa.value;
    };
    expect(ask(names, ['tgl_lahir'])).toBeNull();
    expect(ask(['kel_desa', 'kecamatan'], ['tgl_lahir'])).toBe('KULAP');
    expect(ask(names, [])).toBe('KULAP');
  });

  it('changes nothing where a model knows the known fields and says nothing of the others', () => {
    const doubtful = fc.subarray(
      [...FIELD_NAMES].filter((name) => name !== 'tgl_lahir'),
      { maxLength: 2 },
    );
    const state = fc.record({
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      warnings: fc.subarray(['not_in_list', 'gap', 'cut', 'incomplete', 'repaired']),
    });
    fc.assert(
      fc.property(doubtful, state, fc.boolean(), (names, field, burnt) => {
        const quality = { flags: burnt ? ['glare' as const] : [], scores: {}, affected_fields: [...names] };
        const ocr = { ...reading(Object.fromEntries(names.map((name) => [name, field]))), quality };
        const silence = { ...pick('tgl_lahir'), ...Object.fromEntries(names.map((name) => [name, null])) };
        const { fields } = reconcile(ocr, silence, { doubtful: names, controls: ['tgl_lahir'], unconfirmed: [] }, true);
        expect(fields).toEqual(ocr.fields);
      }),
      { numRuns: 50 },
    );
  });

  it('believes nothing of a model that reads a known field wrong', () => {
    const ocr = reading({ nama: { value: null, confidence: 0 } });
    const answer = { nama: 'BUDI', tgl_lahir: '18-07-1990' };
    const { believed, fields } = reconcile(ocr, answer, questions, true);
    expect(believed).toBe(false);
    expect(fields.nama.value).toBeNull();
  });

  it('lets date of birth and sex decide between two NIKs', () => {
    const nik = { doubtful: ['nik'] as const, controls: [], unconfirmed: [] };
    const wrongOcr = reading({ nik: { confidence: 0.85, value: '3201015703900000' } });
    const right = reconcile(wrongOcr, pick('nik'), nik, true);
    expect(right.fields.nik).toMatchObject({ value: CARD.nik, source: 'vlm' });
    const rightOcr = reading({ nik: { confidence: 0.5 } });
    const kept = reconcile(rightOcr, { nik: '3201015703900000' }, nik, true);
    expect(kept.fields.nik.value).toBe(CARD.nik);
  });

  it('never touches a field that was not asked for, whatever a model says', () => {
    const names = fc.subarray([...FIELD_NAMES]);
    const answer = fc.dictionary(fc.constantFrom(...FIELD_NAMES), fc.option(fc.string({ maxLength: 30 })));
    fc.assert(
      fc.property(names, answer, fc.boolean(), (doubtful, said, trusted) => {
        const ocr = reading(Object.fromEntries(doubtful.map((name) => [name, { confidence: 0.5 }])));
        const { fields } = reconcile(ocr, said, { doubtful, controls: [], unconfirmed: [] }, trusted);
        for (const name of FIELD_NAMES) {
          if (!doubtful.includes(name)) expect(fields[name]).toBe(ocr.fields[name]);
          // Alone, a model is never enough to be sure.
          else if (fields[name].value !== ocr.fields[name].value) expect(fields[name].confidence).toBeLessThan(SURE);
        }
      }),
    );
  });
});

describe('an answer', () => {
  it('is taken for what was asked, and words for nothing are nothing', () => {
    const text = JSON.stringify({ nama: ' SITI  SPESIMEN ', nik: 'N/A', agama: 'ISLAM', gol_darah: '-' });
    expect(parseAnswer(text, ['nama', 'nik', 'gol_darah'])).toEqual({
      nik: null,
      nama: 'SITI SPESIMEN',
      gol_darah: '-',
    });
  });

  it('that is none is no answer', () => {
    for (const text of ['', '[1]', '{"nama": 1}', 'Maaf']) expect(parseAnswer(text, ['nama'])).toBeNull();
  });

  it('has a schema that asks for every field and allows no other', () => {
    expect(answerSchema(['nik'])).toMatchObject({ required: ['nik'], additionalProperties: false });
  });
});
