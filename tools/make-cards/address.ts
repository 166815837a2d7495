import type { Random } from './random.ts';

const STREETS = [
  'MERDEKA',
  'SUDIRMAN',
  'DIPONEGORO',
  'GATOT SUBROTO',
  'AHMAD YANI',
  'PAHLAWAN',
  'KENANGA',
  'MELATI',
  'CEMPAKA PUTIH',
  'RAYA BOGOR',
  'TEUKU UMAR',
  'PATTIMURA',
  'SAM RATULANGI',
  'YOS SUDARSO',
  'HASANUDDIN',
  'IMAM BONJOL',
  'TRANS SULAWESI',
  'POROS MAKALE',
  'CENDERAWASIH',
  'SUNGAI RAYA DALAM',
  'K.H. WAHID HASYIM',
  'LETJEN S. PARMAN',
];

const ESTATES = [
  'GRIYA ASRI',
  'TAMAN SARI INDAH',
  'BUMI PERMAI',
  'VILLA MUTIARA',
  'PONDOK KELAPA',
  'CITRA GARDEN',
  'PURI KENCANA',
  'BUKIT CEMARA TIDAR',
];

const HAMLETS = [
  'KRAJAN',
  'SUKAMAJU',
  'CIBUBUR',
  'KARANGANYAR',
  'TEGALSARI',
  'BONTO RAMBA',
  'TANJUNG HARAPAN',
  'SIDOMULYO',
  'WAENA',
  'LORONG MANGGA',
  'BANJAR TENGAH',
];

const number = (random: Random): string => {
  const plain = String(random.integer(1, 289));
  return random.weighted([
    [plain, 70],
    [`${plain}${random.pick(['A', 'B', 'C'])}`, 15],
    [`${plain}/${random.integer(1, 40)}`, 15],
  ]);
};

const blockNumber = (random: Random): string =>
  `BLOK ${random.pick(['A', 'B', 'C', 'D', 'F', 'H', 'AA', 'C3', 'D12'])} NO.${random.pick(['', ' '])}${random.integer(1, 40)}`;

/** An invented street address as cards spell them: abbreviations, blocks, hamlets, uneven punctuation. */
export function makeAddress(random: Random): string {
  const street = random.pick(STREETS);
  return random.weighted([
    [() => `JL. ${street} NO. ${number(random)}`, 20],
    [() => `JL ${street} NO ${number(random)}`, 14],
    [() => `JL.${street} NO.${number(random)}`, 8],
    [() => `JL. ${street} GG. ${random.pick(['MAWAR', 'HAJI NAIM', 'SAWO', 'BUNTU'])} NO. ${number(random)}`, 10],
    [() => `DUSUN ${random.pick(HAMLETS)}`, 10],
    [() => `DSN. ${random.pick(HAMLETS)} ${random.pick(['I', 'II', 'III', 'IV'])}`, 6],
    [() => `KP. ${random.pick(HAMLETS)}`, 8],
    [() => `PERUM ${random.pick(ESTATES)} ${blockNumber(random)}`, 10],
    [() => `KOMP. ${random.pick(ESTATES)} ${blockNumber(random)}`, 6],
    [() => `BR. ${random.pick(HAMLETS)}`, 3],
    [() => random.pick(HAMLETS), 5],
  ])();
}
