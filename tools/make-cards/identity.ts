import { makeAddress } from './address.ts';
import { makeForeignName, makeName, type Sex } from './names.ts';
import { COMMON_OCCUPATIONS, FOREIGN_OCCUPATIONS, OCCUPATIONS, PRINTED_OCCUPATIONS } from './occupations.ts';
import type { Random } from './random.ts';
import { type Place, type Province, pickPlace } from './regions.ts';
import type { Fields } from './truth.ts';

export type CardKind = 'citizen' | 'foreigner';

export interface Identity {
  readonly kind: CardKind;
  readonly sex: Sex;
  readonly fields: Fields;
  readonly printed: Fields;
}

interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const two = (value: number): string => String(value).padStart(2, '0');
const iso = (date: CalendarDate): string => `${date.year}-${two(date.month)}-${two(date.day)}`;
const dashed = (date: CalendarDate): string => `${two(date.day)}-${two(date.month)}-${date.year}`;

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function makeDate(firstYear: number, lastYear: number, random: Random): CalendarDate {
  const year = random.integer(firstYear, lastYear);
  const month = random.integer(1, 12);
  return { year, month, day: random.integer(1, daysIn(year, month)) };
}

/**
 * District codes that no current list holds: Papua's before the splits of 2022, Kaltara's under Kaltim, Kepri's
 * under Riau, Sulbar's under Sulsel. Cards with them stay valid.
 */
const HISTORIC_DISTRICTS: Readonly<Record<string, readonly string[]>> = {
  '92': ['910512', '920103'],
  '93': ['910101', '910110'],
  '94': ['910401', '911202'],
  '95': ['910201', '910208'],
  '96': ['920101', '927101', '920401'],
  '91': ['917101', '910308'],
  '65': ['640401', '647301', '640503'],
  '21': ['147201', '140801'],
  '76': ['731901', '732001'],
};

/** First registration: mostly where the person lives now, since most NIKs agree with the card; some moved. */
function registrationCode(home: Place, provinces: readonly Province[], random: Random): string {
  const historic = HISTORIC_DISTRICTS[home.province.code];
  if (historic !== undefined && random.chance(0.4)) return random.pick(historic);
  if (random.chance(0.2)) return pickPlace(provinces, random).district.code;
  return home.district.code;
}

function makeNik(districtCode: string, birth: CalendarDate, sex: Sex): string {
  const day = sex === 'female' ? birth.day + 40 : birth.day;
  // No real NIK has the serial 0000.
  return `${districtCode}${two(day)}${two(birth.month)}${two(birth.year % 100)}0000`;
}

const RELIGIONS: ReadonlyArray<readonly [value: string, printed: string, weight: number]> = [
  ['ISLAM', 'ISLAM', 50],
  ['KRISTEN', 'KRISTEN', 14],
  ['KATHOLIK', 'KATHOLIK', 9],
  ['KATHOLIK', 'KATOLIK', 3],
  ['HINDU', 'HINDU', 9],
  ['BUDHA', 'BUDHA', 6],
  ['BUDHA', 'BUDDHA', 2],
  ['KHONGHUCU', 'KHONGHUCU', 3],
  ['KHONGHUCU', 'KONGHUCU', 1],
  ['KEPERCAYAAN TERHADAP TUHAN YME', 'KEPERCAYAAN TERHADAP TUHAN YME', 2],
  ['KEPERCAYAAN TERHADAP TUHAN YME', 'KEPERCAYAAN', 2],
];

const BLOOD_GROUPS: ReadonlyArray<readonly [string, number]> = [
  ['-', 40],
  ['O', 18],
  ['A', 13],
  ['B', 13],
  ['AB', 7],
  ['A+', 2],
  ['B+', 2],
  ['AB+', 2],
  ['O+', 2],
  ['O-', 1],
  ['A-', 1],
  ['B-', 1],
  ['AB-', 1],
  ['TIDAK TAHU', 1],
];

const MARITAL_STATUS: ReadonlyArray<readonly [string, number]> = [
  ['KAWIN', 45],
  ['BELUM KAWIN', 38],
  ['CERAI HIDUP', 8],
  ['CERAI MATI', 6],
  ['KAWIN TERCATAT', 2],
  ['KAWIN BELUM TERCATAT', 1],
];

function birthplace(home: Place, provinces: readonly Province[], random: Random): string {
  const place = random.chance(0.6) ? home : pickPlace(provinces, random);
  const name = random.weighted([
    [place.regency.shortName, 75],
    [place.district.name, 18],
    [place.village.name, 7],
  ]);
  return name.replaceAll(/[()]/g, '').trim();
}

/** Where a card was issued, as different offices print it. */
function placeOfIssue(home: Place, random: Random): string {
  return random.chance(0.6) ? home.regency.name : home.regency.shortName;
}

function validity(issued: CalendarDate, birth: CalendarDate, random: Random): { value: string; printed: string } {
  // Cards of the first years carried an expiry date, the birthday five years later.
  if (issued.year > 2014 || random.chance(0.4)) return { value: 'SEUMUR HIDUP', printed: 'SEUMUR HIDUP' };
  const end = {
    year: issued.year + 5,
    month: birth.month,
    day: Math.min(birth.day, daysIn(issued.year + 5, birth.month)),
  };
  return { value: iso(end), printed: dashed(end) };
}

function makeCitizen(provinces: readonly Province[], random: Random): Identity {
  const home = pickPlace(provinces, random.fork('home'));
  const sex: Sex = random.chance(0.5) ? 'female' : 'male';
  const birth = makeDate(1938, 2007, random.fork('birth'));
  const issued = makeDate(Math.max(2011, birth.year + 17), Math.max(2024, birth.year + 18), random.fork('issued'));
  const [religion, printedReligion] = random.weighted(RELIGIONS.map((entry) => [entry, entry[2]] as const));
  const occupation = random.chance(0.45) ? random.pick(COMMON_OCCUPATIONS) : random.pick(OCCUPATIONS);
  const printedOccupation = random.chance(0.4) ? (PRINTED_OCCUPATIONS[occupation] ?? occupation) : occupation;
  const valid = validity(issued, birth, random);
  // 1 in 60: the office corrected the date of birth or the sex later, the NIK kept the old one.
  const nikBirth = random.chance(1 / 60) ? makeDate(1938, 2007, random.fork('nik-birth')) : birth;
  const oldAceh = home.province.code === '11' && random.chance(0.3);
  const fields: Fields = {
    provinsi: oldAceh ? 'NANGGROE ACEH DARUSSALAM' : home.province.name,
    kabupaten_kota: home.regency.name,
    nik: makeNik(registrationCode(home, provinces, random.fork('registration')), nikBirth, sex),
    nama: makeName(sex, home.province.code, random.fork('name')),
    tempat_lahir: birthplace(home, provinces, random.fork('birthplace')),
    tgl_lahir: iso(birth),
    jenis_kelamin: sex === 'female' ? 'PEREMPUAN' : 'LAKI-LAKI',
    gol_darah: random.weighted(BLOOD_GROUPS),
    alamat: makeAddress(random.fork('address')),
    rt: String(random.chance(0.1) ? 0 : random.integer(1, 24)).padStart(3, '0'),
    rw: String(random.chance(0.1) ? 0 : random.integer(1, 18)).padStart(3, '0'),
    kel_desa: home.village.name,
    kecamatan: home.district.name,
    agama: religion,
    status_perkawinan: random.weighted(MARITAL_STATUS),
    pekerjaan: occupation,
    kewarganegaraan: 'WNI',
    berlaku_hingga: valid.value,
    tempat_terbit: placeOfIssue(home, random),
    tgl_terbit: iso(issued),
  };
  const printed: Fields = {
    ...fields,
    tgl_lahir: dashed(birth),
    agama: printedReligion,
    pekerjaan: printedOccupation,
    berlaku_hingga: valid.printed,
    tgl_terbit: dashed(issued),
  };
  return { kind: 'citizen', sex, fields, printed };
}

const FOREIGN_RELIGIONS = ['MOSLEM', 'CHRISTIAN', 'CATHOLIC', 'HINDU', 'BUDDHIST'];
const COUNTRIES = [
  'JAPAN',
  'AUSTRALIA',
  'GERMANY',
  'CHINA',
  'INDIA',
  'NETHERLANDS',
  'UNITED STATES',
  'SOUTH KOREA',
  'FRANCE',
];
const FOREIGN_TOWNS = ['TOKYO', 'SYDNEY', 'HAMBURG', 'GUANGZHOU', 'MUMBAI', 'ROTTERDAM', 'SEATTLE', 'BUSAN', 'LYON'];

function makeForeigner(provinces: readonly Province[], random: Random): Identity {
  const base = makeCitizen(provinces, random);
  const issued = makeDate(2015, 2024, random.fork('permit'));
  const end = { ...issued, year: issued.year + 5, day: Math.min(issued.day, 28) };
  const country = random.integer(0, COUNTRIES.length - 1);
  const fields: Fields = {
    ...base.fields,
    nama: makeForeignName(base.sex, random.fork('foreign-name')),
    tempat_lahir: FOREIGN_TOWNS[country] as string,
    jenis_kelamin: base.sex === 'female' ? 'PEREMPUAN' : 'LAKI-LAKI',
    agama: random.pick(FOREIGN_RELIGIONS),
    status_perkawinan: random.pick(['SINGLE', 'MARRIED', 'DIVORCED', 'WIDOWED']),
    pekerjaan: random.pick(FOREIGN_OCCUPATIONS),
    kewarganegaraan: COUNTRIES[country] as string,
    berlaku_hingga: iso(end),
    tgl_terbit: iso(issued),
  };
  const printed: Fields = {
    ...fields,
    tgl_lahir: base.printed.tgl_lahir,
    jenis_kelamin: base.sex === 'female' ? 'FEMALE' : 'MALE',
    berlaku_hingga: dashed(end),
    tgl_terbit: dashed(issued),
  };
  return { kind: 'foreigner', sex: base.sex, fields, printed };
}

/** An invented person with everything that the card prints of them. */
export function makeIdentity(kind: CardKind, provinces: readonly Province[], random: Random): Identity {
  return kind === 'citizen' ? makeCitizen(provinces, random) : makeForeigner(provinces, random);
}
