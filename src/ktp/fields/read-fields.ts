import type { TextLine } from '../../text-lines/text-line.ts';
import { FIELD_NAMES, type FieldName } from '../field-names.ts';
import type { Label } from '../layout/labels.ts';
import { type CardLayout, layOut } from '../layout/layout.ts';
import { MARITAL_STATES, OCCUPATIONS, RELIGIONS, SEXES } from '../rules/vocabulary.ts';
import { readBirth } from './read-birth.ts';
import { readBloodGroup } from './read-blood-group.ts';
import { cleanAddress, cleanName, cleanPlace, readFreeText } from './read-free-text.ts';
import { readHeader } from './read-header.ts';
import { readIssue } from './read-issue.ts';
import { readListed, readValidity } from './read-listed.ts';
import { isForeigners, readNationality } from './read-nationality.ts';
import { readNeighbourhood } from './read-neighbourhood.ts';
import { readNik } from './read-nik.ts';
import { completeHeader, readBirthPlace, readIssuePlace, readRegions } from './read-regions.ts';
import { markBeside, markCut, markGap, type Reading } from './reading.ts';
import { reconcileBirth } from './reconcile-birth.ts';

export interface FieldReadings {
  readonly layout: CardLayout;
  readonly readings: Readonly<Record<FieldName, Reading>>;
}

/**
 * Every field of a card as a reading with its evidence: laid out, normalised, held against each other. `isCovered` says that
 * a stamp or words lie over the card.
 */
export function readFields(lines: readonly TextLine[], isCovered = false): FieldReadings {
  const layout = layOut(lines);
  const { slots } = layout;
  const nik = readNik(slots.get('nik'));
  const printedHeader = readHeader(layout.header, nik.digits);
  const regions = readRegions(
    printedHeader,
    readFreeText(slots.get('kel_desa'), cleanPlace),
    readFreeText(slots.get('kecamatan'), cleanPlace),
    nik.digits.length === 16 ? nik.digits.slice(0, 6) : undefined,
    isCovered,
    { village: slots.get('kel_desa')?.gap === true, district: slots.get('kecamatan')?.gap === true },
  );
  const header = completeHeader(printedHeader, regions);
  const birth = readBirth(slots.get('lahir'));
  const sex = readListed(slots.get('jenis_kelamin'), SEXES, { closed: true });
  const religion = readListed(slots.get('agama'), RELIGIONS, { closed: true });
  const maritalState = readListed(slots.get('status_perkawinan'), MARITAL_STATES, { closed: true });
  const facts = reconcileBirth(nik, birth.date, sex, regions.districtCodes);
  const neighbourhood = readNeighbourhood(slots.get('rt_rw'));
  const issue = readIssue(layout.issue, layout.pitch);
  const readings: Record<FieldName, Reading> = {
    provinsi: header.province,
    kabupaten_kota: header.regency,
    nik: facts.nik,
    nama: readFreeText(slots.get('nama'), cleanName),
    tempat_lahir: readBirthPlace(birth.place, header),
    tgl_lahir: facts.birthDate,
    jenis_kelamin: facts.sex,
    gol_darah: readBloodGroup(slots.get('gol_darah')),
    alamat: readFreeText(slots.get('alamat'), cleanAddress),
    rt: neighbourhood.rt,
    rw: neighbourhood.rw,
    kel_desa: regions.village,
    kecamatan: regions.district,
    agama: religion,
    status_perkawinan: maritalState,
    pekerjaan: readListed(slots.get('pekerjaan'), OCCUPATIONS, { isCovered }),
    kewarganegaraan: readNationality(slots.get('kewarganegaraan'), isForeigners([sex, religion, maritalState])),
    berlaku_hingga: readValidity(slots.get('berlaku_hingga')),
    tempat_terbit: readIssuePlace(issue.place, header),
    tgl_terbit: issue.date,
  };
  markLosses(readings, layout);
  return { layout, readings };
}

/** Marks readings of which a part seems to be missing: by a gap, by the picture's edge, by what was lost beside them. */
function markLosses(readings: Record<FieldName, Reading>, { slots, cutEdge }: CardLayout): void {
  const lost = new Set(FIELD_NAMES.filter((name) => isLost(readings[name])));
  for (const name of FIELD_NAMES) {
    const label = LABEL_OF[name];
    const marked = markCut(markGap(readings[name], label && slots.get(label)?.gap), cutEdge);
    const beside = BESIDE[name]?.some((other) => lost.has(other)) === true;
    readings[name] = beside ? markBeside(marked) : marked;
  }
  readings.nik = withoutPart(readings.nik);
}

/** Whether a field that every card prints was not read, or only in part. */
function isLost({ value, warnings }: Reading): boolean {
  return value === null || warnings.some((warning) => warning === 'derived_from_nik' || warning === 'incomplete');
}

/**
 * Fields of free text, whose end may be missing unseen, with those printed next to them: where glare or a finger took
 * one, the other is in doubt.
 */
const BESIDE: Readonly<Partial<Record<FieldName, readonly FieldName[]>>> = {
  nama: ['nik', 'tgl_lahir'],
  tempat_lahir: ['tgl_lahir'],
  alamat: ['jenis_kelamin', 'rt'],
};

/** A NIK without its sixteen digits is none: what was read stays in `raw`, and the check `nik_malformed` tells. */
function withoutPart(nik: Reading): Reading {
  if (nik.value === null || nik.value.length === 16) return nik;
  return { ...nik, value: null, warnings: [...nik.warnings, 'incomplete'] };
}

/** The label behind which a field of free text stands. */
const LABEL_OF: Readonly<Partial<Record<FieldName, Label>>> = {
  nik: 'nik',
  nama: 'nama',
  tempat_lahir: 'lahir',
  alamat: 'alamat',
  kel_desa: 'kel_desa',
  kecamatan: 'kecamatan',
  agama: 'agama',
  status_perkawinan: 'status_perkawinan',
  pekerjaan: 'pekerjaan',
  kewarganegaraan: 'kewarganegaraan',
};
