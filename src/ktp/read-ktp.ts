import { checkCard } from './checks.ts';
import { toCompatibleCard } from './compat.ts';
import { confidenceOf } from './confidence.ts';
import { layOut } from './layout.ts';
import { ktpLikelihood } from './likelihood.ts';
import { readBirth } from './read-birth.ts';
import { readBloodGroup } from './read-blood-group.ts';
import { cleanAddress, cleanName, cleanPlace, readFreeText } from './read-free-text.ts';
import { readHeader } from './read-header.ts';
import { readIssue } from './read-issue.ts';
import { readListed, readValidity } from './read-listed.ts';
import { readNeighbourhood } from './read-neighbourhood.ts';
import { readNik } from './read-nik.ts';
import { completeHeader, readBirthPlace, readIssuePlace, readRegions } from './read-regions.ts';
import { markCut, type Reading } from './reading.ts';
import { birthPlaces } from './regions.ts';
import { reconcileBirth } from './repair-nik.ts';
import type { Field, FieldName, KtpResult } from './schema.ts';
import { FIELD_NAMES } from './schema.ts';
import { boxOf } from './spans.ts';
import type { PageSize, TextLine } from './text-line.ts';
import { MARITAL_STATES, NATIONALITIES, OCCUPATIONS, RELIGIONS, SEXES } from './vocabulary.ts';

export interface KtpReading {
  readonly fields: KtpResult['fields'];
  readonly checks: KtpResult['checks'];
  readonly compat: KtpResult['compat'];
  /** 0-1: that the lines are a KTP at all. */
  readonly likelihood: number;
}

/** Reads a KTP's fields out of the lines of an upright page (pixels of that page). Never throws. */
export function readKtp(lines: readonly TextLine[], page: PageSize): KtpReading {
  const layout = layOut(lines);
  const { slots } = layout;
  const printedHeader = readHeader(layout.header);
  const nik = readNik(slots.get('nik'));
  const regions = readRegions(
    printedHeader,
    readFreeText(slots.get('kel_desa'), cleanPlace),
    readFreeText(slots.get('kecamatan'), cleanPlace),
    nik.digits.length === 16 ? nik.digits.slice(0, 6) : undefined,
  );
  const header = completeHeader(printedHeader, regions);
  const birth = readBirth(slots.get('lahir'));
  const sex = readListed(slots.get('jenis_kelamin'), SEXES, { closed: true });
  const facts = reconcileBirth(nik, birth.date, sex, { districts: regions.districtCodes });
  const neighbourhood = readNeighbourhood(slots.get('rt_rw'));
  const issue = readIssue(layout.issue, layout.pitch);
  const readings: Record<FieldName, Reading> = {
    provinsi: header.province,
    kabupaten_kota: header.regency,
    nik: facts.nik,
    nama: readFreeText(slots.get('nama'), cleanName),
    tempat_lahir: readBirthPlace(birth.place, birthPlaces),
    tgl_lahir: facts.birthDate,
    jenis_kelamin: facts.sex,
    gol_darah: readBloodGroup(slots.get('gol_darah')),
    alamat: readFreeText(slots.get('alamat'), cleanAddress),
    rt: neighbourhood.rt,
    rw: neighbourhood.rw,
    kel_desa: regions.village,
    kecamatan: regions.district,
    agama: readListed(slots.get('agama'), RELIGIONS, { closed: true }),
    status_perkawinan: readListed(slots.get('status_perkawinan'), MARITAL_STATES, { closed: true }),
    pekerjaan: readListed(slots.get('pekerjaan'), OCCUPATIONS),
    kewarganegaraan: readListed(slots.get('kewarganegaraan'), NATIONALITIES, { closed: true }),
    berlaku_hingga: readValidity(slots.get('berlaku_hingga')),
    tempat_terbit: readIssuePlace(issue.place, header),
    tgl_terbit: issue.date,
  };
  const fields = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, toField(name, markCut(readings[name], layout.cutEdge), page)]),
  ) as Record<FieldName, Field>;
  return {
    fields,
    checks: checkCard(fields),
    compat: toCompatibleCard(fields),
    likelihood: ktpLikelihood(lines, layout, readings),
  };
}

function toField(name: FieldName, reading: Reading, page: PageSize): Field {
  const box = boxOf(reading.spans, page);
  return {
    value: reading.value,
    raw: reading.raw,
    confidence: confidenceOf(name, reading),
    source: reading.source,
    box: box ? [...box] : null,
    warnings: [...reading.warnings],
  };
}
