import type { Random } from './random.ts';

export type Sex = 'male' | 'female';

/** Given and family names of one naming tradition; every combination is invented. */
interface Tradition {
  readonly male: readonly string[];
  readonly female: readonly string[];
  /** Second names, or clan and family names. */
  readonly last: readonly string[];
  /** How many parts a name usually has, with weights. */
  readonly parts: readonly (readonly [number, number])[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);
const phrases = (text: string): readonly string[] => text.trim().split(/\s*,\s*/);

const TRADITIONS = {
  javanese: {
    male: words('SLAMET SUGENG BAMBANG JOKO AGUS WAHYU EKO DWI TRI HERU PURWANTO SUTRISNO WARSITO NGATIMIN PARNO'),
    female: words(
      'SRI ENDANG WAHYUNI SUMIYATI NGATINAH LESTARI RETNO WINARSIH DYAH RATNA TUMINAH PURWANINGSIH SULASTRI',
    ),
    last: words(
      'SANTOSO WIBOWO NUGROHO PRASETYO HARTONO SUSANTO WIJAYANTI UTAMI HANDAYANI KUSUMANINGRUM SETYAWAN PAMUNGKAS',
    ),
    parts: [
      [1, 25],
      [2, 50],
      [3, 25],
    ],
  },
  sundanese: {
    male: words('ASEP UJANG DADANG CECEP ENDANG YAYAT TATANG DEDEN JAJANG ENCENG ADE IWAN'),
    female: words("EUIS NENENG TETI IIS IMAS ENOK LILIS YAYAH CUCU NYI'IMAS POPON"),
    last: words('SURYANA HIDAYAT SUPRIATNA KURNIA ROHAYATI SOPANDI MULYANA SUHERMAN ROSMIATI NURHAYATI PERMANA'),
    parts: [
      [1, 15],
      [2, 70],
      [3, 15],
    ],
  },
  batak: {
    male: words('TOGAR MANGASI PARLINDUNGAN HOTMAN SAUT BONAR POLTAK JONGGI TIGOR MARULI RUDOLF'),
    female: words('ROTUA TIURMA LASMARIA DUMA MARIA HOTNIDA RUGUN NURLELA DELIMA SONDANG'),
    last: words(
      'SITUMORANG SIMANJUNTAK HUTAPEA NASUTION HARAHAP SIREGAR LUMBANTOBING SINAGA GINTING TARIGAN PURBA SIHOMBING',
    ),
    parts: [
      [2, 60],
      [3, 40],
    ],
  },
  minang: {
    male: words('SYAFRIZAL YUSRIL ZULKIFLI AFDHAL ERIZAL DASRIL NASRUL HENDRI RIZAL'),
    female: words('YUSNIDAR ROSNA ELVA DESMAWATI GUSNI SYAFNIAR MURNIATI YULIARTI'),
    last: words('CHANIAGO KOTO TANJUNG PILIANG SIKUMBANG JAMBAK MELAYU GUCI'),
    parts: [
      [1, 30],
      [2, 60],
      [3, 10],
    ],
  },
  balinese: {
    male: phrases('I WAYAN, I MADE, I NYOMAN, I KETUT, I GEDE, IDA BAGUS, I GUSTI NGURAH, ANAK AGUNG GDE'),
    female: phrases('NI WAYAN, NI MADE, NI NYOMAN, NI KETUT, NI LUH PUTU, IDA AYU, I GUSTI AYU, DESAK MADE'),
    last: words('SUDIARTA SUARDANA ARTINI ADNYANA WIRAWAN SUKERTI PARTAYASA WIDIASTUTI MAHENDRA YASA KARIASIH'),
    parts: [
      [2, 70],
      [3, 30],
    ],
  },
  bugis: {
    male: phrases("ANDI BASO, DAENG MANGALLE, AMBO TANG, MUH. ARSYAD, LA ODE HASAN, SYAMSUDDIN, BASO', ANDI FAISAL"),
    female: phrases("ANDI TENRI, BESSE, HJ. ST. AMINAH, WA ODE SITI, I TANG, ANDI BAU, BECCE', DAENG NGAI"),
    last: words('MAPPANYUKKI PATTARAI RAHMAN TAHIR MAKKAWARU PALLAWA MUIN OPU SULAIMAN'),
    parts: [
      [1, 20],
      [2, 65],
      [3, 15],
    ],
  },
  papuan: {
    male: words('YOHANES MELKIANUS OKTOVIANUS YUSTUS DEMIANUS ELIEZER NATANIEL MARTHEN SEPNAT'),
    female: words('YULIANA MARTHA ORPA NAOMI DORKAS SELFINA ESTER WELMINA PENINA'),
    last: words('WENDA KOGOYA TABUNI MAMBRASAR RUMBIAK YIKWA WAMBRAUW KAFIAR ASSO MANDACAN WOMSIWOR'),
    parts: [
      [2, 80],
      [3, 20],
    ],
  },
  maluku: {
    male: words('JOHANIS FERDINAND CORNELIS STEVEN ALFONS BENNY YOSEPH PETRUS THEODORUS'),
    female: words("MARIA YOSEPHINA ADRIANA D'LOURDES FRANSINA MARGARETHA ELISABETH AGUSTINA"),
    last: phrases(
      "PATTIASINA, LATUHARHARY, DE'QUELJOE, LEKATOMPESSY, DA SILVA, BIRE-DOKO, FERNANDEZ, NAITBOHO, TAPATAB, MANUPUTTY",
    ),
    parts: [
      [2, 65],
      [3, 35],
    ],
  },
  chinese: {
    male: words('HENDRA KEVIN ANDREAS TJOA LIE BUDI EDY SUSANTO HARIANTO WILLIAM'),
    female: words('MEILINA VERONICA SHERLY LINDA TAN LILIANA FELICIA YENNY KWEE'),
    last: words('TANUWIJAYA HALIM GUNAWAN LIEM KOSASIH WIDJAJA TANOTO SALIM OEI TJANDRA SETIADI'),
    parts: [
      [1, 10],
      [2, 75],
      [3, 15],
    ],
  },
  arabic: {
    male: phrases('MUHAMMAD, MOHAMAD, MUH., ABDUL RAHMAN, AHMAD, ABDURROHIM, M. YUSUF, ACHMAD, ABU BAKAR, NUR'),
    female: phrases("SITI, NUR AINI, KHADIJAH, FATIMAH, SYARIFAH, NURUL, ST. HAJAR, ROBI'AH, MU'MINAH, AISYAH"),
    last: words(
      "HIDAYATULLAH AL-HABSYI FADHILAH RAMADHAN BASYAIB SYA'BAN AL-JUFRI MAULANA RAHMAWATI JANNAH FAUZI ASSEGAF",
    ),
    parts: [
      [1, 10],
      [2, 55],
      [3, 35],
    ],
  },
  dayak: {
    male: words('ALOYSIUS DAMIANUS UKUR LAWAI JAMAL RUDI BAHARUDIN SABRAN GUSTI'),
    female: words('KORNELIA DELLA SUSIANI BULAN NORHAYATI MASLIANI RUSMINI'),
    last: words('NYAHU LAMBUNG UDAN MANGKIN SEBAU BINTI GARA IBAU KURNIAWAN NOOR'),
    parts: [
      [1, 20],
      [2, 60],
      [3, 20],
    ],
  },
} satisfies Record<string, Tradition>;

type TraditionName = keyof typeof TRADITIONS;

/** Traditions at home in a province, by the first digits of its code. */
const AT_HOME: ReadonlyArray<readonly [codes: RegExp, tradition: TraditionName]> = [
  [/^12/, 'batak'],
  [/^1[34]/, 'minang'],
  [/^3[26]/, 'sundanese'],
  [/^3[345]/, 'javanese'],
  [/^51/, 'balinese'],
  [/^(53|8)/, 'maluku'],
  [/^6/, 'dayak'],
  [/^7/, 'bugis'],
  [/^9/, 'papuan'],
];

const TITLES_BEFORE = ['H.', 'HJ.', 'DR.', 'IR.', 'DRS.', 'DRA.', 'R.', 'K.H.'];
const TITLES_AFTER = [', S.H.', ', S.PD', ', SE', ', ST., M.T.', ', A.MD.KEB', ', S.KOM', ', M.SI'];

/** An invented name in upper case; long ones come up often enough to wrap on the card. */
export function makeName(sex: Sex, provinceCode: string, random: Random): string {
  const home = AT_HOME.find(([codes]) => codes.test(provinceCode))?.[1];
  const names = Object.keys(TRADITIONS) as TraditionName[];
  const tradition: Tradition = TRADITIONS[home !== undefined && random.chance(0.6) ? home : random.pick(names)];
  const given = tradition[sex];
  const count = random.weighted(tradition.parts);
  const parts = [random.pick(given)];
  if (count === 3) parts.push(random.chance(0.5) ? random.pick(given) : random.pick(tradition.last));
  if (count >= 2) parts.push(random.pick(tradition.last));
  if (random.chance(0.06)) parts.splice(1, 0, `${String.fromCharCode(65 + random.integer(0, 25))}.`);
  if (random.chance(0.06)) parts.push(random.pick(tradition.last), random.pick(TRADITIONS.javanese.last));
  const name = [...new Set(parts)].join(' ');
  if (random.chance(0.05)) return `${random.pick(TITLES_BEFORE)} ${name}`;
  if (random.chance(0.05)) return `${name}${random.pick(TITLES_AFTER)}`;
  return name;
}

const FOREIGN = {
  male: words('ALEXANDER HIROSHI JEAN-PIERRE LIAM RAJESH WEI PATRICK THOMAS SEAN KENJI'),
  female: words('CHARLOTTE YUKI MARIE-CLAIRE ANNA PRIYA LI HANNAH SOPHIE INGRID NAOMI'),
  last: words("MUELLER TANAKA DUBOIS O'CONNOR SHARMA ZHANG VAN-DIJK ANDERSSON NGUYEN SMITH-JONES"),
};

/** An invented name for a foreigner's card. */
export function makeForeignName(sex: Sex, random: Random): string {
  const parts = [random.pick(FOREIGN[sex]), random.pick(FOREIGN.last)];
  if (random.chance(0.3)) parts.splice(1, 0, random.pick(FOREIGN[sex]));
  return parts.join(' ');
}
