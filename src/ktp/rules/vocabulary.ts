/**
 * What the printed fields may say. Values are snapped to these softly: a reading that is near one entry alone takes it,
 * any other reading stays as it is. Sources: SIAK's lists of occupations (89 entries of the older form, then those that
 * later forms add), the religions and marital states of UU 24/2013, and what foreigners' cards print in English.
 */
export const SEXES = ['LAKI-LAKI', 'PEREMPUAN', 'MALE', 'FEMALE'] as const;

export const RELIGIONS = [
  'ISLAM',
  'KRISTEN',
  'KATHOLIK',
  'KATOLIK',
  'HINDU',
  'BUDHA',
  'BUDDHA',
  'KHONGHUCU',
  'KONGHUCU',
  'KHONG HUCU',
  'KONG HU CU',
  'KEPERCAYAAN',
  'KEPERCAYAAN TERHADAP TUHAN YME',
  'KEPERCAYAAN TERHADAP TUHAN YANG MAHA ESA',
  'KRISTEN PROTESTAN',
  'PROTESTAN',
  'LAINNYA',
  '-',
  'CHRISTIAN',
  'PROTESTANT',
  'CATHOLIC',
  'CATHOLICISM',
  'CHRISTIANITY',
  'HINDUISM',
  'BUDDHIST',
  'BUDDHISM',
  'CONFUCIAN',
  'CONFUCIANISM',
  'MUSLIM',
  'MOSLEM',
  'OTHERS',
  'OTHER',
] as const;

export const MARITAL_STATES = [
  'BELUM KAWIN',
  'KAWIN',
  'CERAI HIDUP',
  'CERAI MATI',
  'KAWIN TERCATAT',
  'KAWIN BELUM TERCATAT',
  'CERAI HIDUP TERCATAT',
  'CERAI BELUM TERCATAT',
  'CERAI HIDUP BELUM TERCATAT',
  'SINGLE',
  'NOT MARRIED',
  'UNMARRIED',
  'MARRIED',
  'DIVORCED',
  'WIDOWED',
  'WIDOW',
  'WIDOWER',
] as const;

export const BLOOD_GROUPS = [
  'A',
  'B',
  'AB',
  'O',
  'A+',
  'A-',
  'B+',
  'B-',
  'AB+',
  'AB-',
  'O+',
  'O-',
  '-',
  'TIDAK TAHU',
] as const;

export const LIFELONG = 'SEUMUR HIDUP';

const SIAK_OCCUPATIONS = `BELUM/TIDAK BEKERJA; MENGURUS RUMAH TANGGA; PELAJAR/MAHASISWA; PENSIUNAN;
PEGAWAI NEGERI SIPIL; TENTARA NASIONAL INDONESIA; KEPOLISIAN RI; PERDAGANGAN; PETANI/PEKEBUN; PETERNAK;
NELAYAN/PERIKANAN; INDUSTRI; KONSTRUKSI; TRANSPORTASI; KARYAWAN SWASTA; KARYAWAN BUMN; KARYAWAN BUMD;
KARYAWAN HONORER; BURUH HARIAN LEPAS; BURUH TANI/PERKEBUNAN; BURUH NELAYAN/PERIKANAN; BURUH PETERNAKAN;
PEMBANTU RUMAH TANGGA; TUKANG CUKUR; TUKANG LISTRIK; TUKANG BATU; TUKANG KAYU; TUKANG SOL SEPATU;
TUKANG LAS/PANDAI BESI; TUKANG JAHIT; TUKANG GIGI; PENATA RIAS; PENATA BUSANA; PENATA RAMBUT; MEKANIK; SENIMAN; TABIB;
PARAJI; PERANCANG BUSANA; PENTERJEMAH; IMAM MESJID; PENDETA; PASTOR; WARTAWAN; USTADZ/MUBALIGH; JURU MASAK;
PROMOTOR ACARA; ANGGOTA DPR-RI; ANGGOTA DPD; ANGGOTA BPK; PRESIDEN; WAKIL PRESIDEN; ANGGOTA MAHKAMAH KONSTITUSI;
ANGGOTA KABINET/KEMENTERIAN; DUTA BESAR; GUBERNUR; WAKIL GUBERNUR; BUPATI; WAKIL BUPATI; WALIKOTA; WAKIL WALIKOTA;
ANGGOTA DPRD PROVINSI; ANGGOTA DPRD KABUPATEN/KOTA; DOSEN; GURU; PILOT; PENGACARA; NOTARIS; ARSITEK; AKUNTAN;
KONSULTAN; DOKTER; BIDAN; PERAWAT; APOTEKER; PSIKIATER/PSIKOLOG; PENYIAR TELEVISI; PENYIAR RADIO; PELAUT; PENELITI;
SOPIR; PIALANG; PARANORMAL; PEDAGANG; PERANGKAT DESA; KEPALA DESA; BIARAWATI; WIRASWASTA; LAINNYA`;

const LATER_OCCUPATIONS = `ANGGOTA LEMBAGA TINGGI; ARTIS; ATLIT; CHEF; MANAJER; TENAGA TATA USAHA; OPERATOR;
PEKERJA PENGOLAHAN, KERAJINAN; TEKNISI; ASISTEN AHLI; BIARAWAN`;

const PRINTED_OCCUPATIONS = `PEGAWAI NEGERI SIPIL (PNS); TENTARA NASIONAL INDONESIA (TNI); KEPOLISIAN RI (POLRI);
IMAM MASJID; PENERJEMAH; BELUM / TIDAK BEKERJA; PELAJAR / MAHASISWA; PETANI / PEKEBUN; USTADZ / MUBALIGH;
ANGGOTA DPRD KAB./KOTA; ANGGOTA DPRD PROP.; BURUH TANI / PERKEBUNAN; BURUH NELAYAN / PERIKANAN; NELAYAN / PERIKANAN;
TUKANG LAS / PANDAI BESI; PSIKIATER / PSIKOLOG; WIRAUSAHA; PNS; TNI; POLRI`;

const ENGLISH_OCCUPATIONS = `HOUSEWIFE; STUDENT; ENTREPRENEUR; EMPLOYEE; PRIVATE EMPLOYEE; CONSULTANT; TEACHER;
LECTURER; ENGINEER; MANAGER; DIRECTOR; INVESTOR; BUSINESSMAN; BUSINESSWOMAN; RETIRED; MISSIONARY; CHEF; DOCTOR;
RESEARCHER; UNEMPLOYED; EXPATRIATE; PILOT; ARTIST; OTHERS; SELF EMPLOYED`;

function entries(list: string): string[] {
  return list.split(';').map((entry) => entry.replace(/\s+/g, ' ').trim());
}

export const OCCUPATIONS: readonly string[] = [
  ...entries(SIAK_OCCUPATIONS),
  ...entries(LATER_OCCUPATIONS),
  ...entries(PRINTED_OCCUPATIONS),
  ...entries(ENGLISH_OCCUPATIONS),
];

/** WNI, WNA and the names of the world's states in English and Indonesian, upper case. */
export const NATIONALITIES: readonly string[] = ['WNI', 'WNA', 'INDONESIA', 'STATELESS', ...stateNames()];

function stateNames(): string[] {
  const names = new Set<string>([
    'SOUTH KOREA',
    'NORTH KOREA',
    'REPUBLIC OF KOREA',
    'CHINA',
    'UNITED STATES OF AMERICA',
    'USA',
    'RUSSIA',
    'BRITISH',
    'GREAT BRITAIN',
    'HOLLAND',
    'TURKEY',
    'CZECH REPUBLIC',
  ]);
  const english = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const indonesian = new Intl.DisplayNames('id', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  for (const first of letters) {
    for (const second of letters) {
      const code = first + second;
      // User-assigned and grouping codes of ISO 3166 are no states.
      if (/^(?:X[A-Z]|Q[M-Z]|ZZ|AA|EU|EZ|UN)$/.test(code)) continue;
      for (const name of [english.of(code), indonesian.of(code)]) if (name) names.add(plainName(name));
    }
  }
  return [...names];
}

function plainName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toUpperCase();
}

/** Spellings of one fact, and the spelling that `value` takes; `raw` keeps the printed one. */
const CANONICAL: Readonly<Record<string, string>> = {
  MALE: 'LAKI-LAKI',
  FEMALE: 'PEREMPUAN',
  KATOLIK: 'KATHOLIK',
  BUDDHA: 'BUDHA',
  KONGHUCU: 'KHONGHUCU',
  'KHONG HUCU': 'KHONGHUCU',
  'KONG HU CU': 'KHONGHUCU',
  KEPERCAYAAN: 'KEPERCAYAAN TERHADAP TUHAN YME',
  'KEPERCAYAAN TERHADAP TUHAN YANG MAHA ESA': 'KEPERCAYAAN TERHADAP TUHAN YME',
  'PEGAWAI NEGERI SIPIL (PNS)': 'PEGAWAI NEGERI SIPIL',
  'TENTARA NASIONAL INDONESIA (TNI)': 'TENTARA NASIONAL INDONESIA',
  'KEPOLISIAN RI (POLRI)': 'KEPOLISIAN RI',
  'IMAM MASJID': 'IMAM MESJID',
  PENERJEMAH: 'PENTERJEMAH',
  'BELUM / TIDAK BEKERJA': 'BELUM/TIDAK BEKERJA',
  'PELAJAR / MAHASISWA': 'PELAJAR/MAHASISWA',
  'PETANI / PEKEBUN': 'PETANI/PEKEBUN',
  'USTADZ / MUBALIGH': 'USTADZ/MUBALIGH',
  'BURUH TANI / PERKEBUNAN': 'BURUH TANI/PERKEBUNAN',
  'BURUH NELAYAN / PERIKANAN': 'BURUH NELAYAN/PERIKANAN',
  'NELAYAN / PERIKANAN': 'NELAYAN/PERIKANAN',
  'TUKANG LAS / PANDAI BESI': 'TUKANG LAS/PANDAI BESI',
  'PSIKIATER / PSIKOLOG': 'PSIKIATER/PSIKOLOG',
};

/** Entries of the lists that hardly any card prints: foreigners' cards do, or those of no religion that has a name. */
export const RARE: ReadonlySet<string> = new Set<string>([
  ...['MALE', 'FEMALE', '-', 'LAINNYA', 'PROTESTAN', 'KRISTEN PROTESTAN'],
  ...RELIGIONS.slice(RELIGIONS.indexOf('CHRISTIAN')),
  ...MARITAL_STATES.slice(MARITAL_STATES.indexOf('KAWIN TERCATAT')),
  ...entries(ENGLISH_OCCUPATIONS),
]);

/** The first spelling of an allowed value; any other text as it is. */
export function canonicalValue(text: string): string {
  return CANONICAL[text] ?? text;
}
