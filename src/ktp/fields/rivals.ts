import { decodeEmissions } from '../../text-lines/ctc.ts';
import { roundShare } from '../calibration-points.ts';
import type { FieldName } from '../field-names.ts';
import { checkValue } from '../rules/check-value.ts';
import { toIsoDate } from '../rules/dates.ts';
import { ocrDistance } from '../rules/edit-distance.ts';
import { canBeginDate, canBeginNik } from '../rules/grammar.ts';
import { plainText } from '../rules/snap.ts';
import { BLOOD_GROUPS, canonicalValue, MARITAL_STATES, NATIONALITIES, RELIGIONS, SEXES } from '../rules/vocabulary.ts';
import type { Alternative } from '../schema.ts';
import { type EmissionTrack, trackOf } from '../text/emission-track.ts';
import { type BeamOptions, type LikelyText, likelyTexts } from '../text/likely-texts.ts';
import { FREE } from './confidence.ts';
import { DATE_CHARACTERS, findDate } from './read-date.ts';
import { cleanAddress, cleanName, cleanPlace } from './read-free-text.ts';
import { splitNeighbourhood } from './read-neighbourhood.ts';
import { DIGITS } from './read-nik.ts';
import type { Reading } from './reading.ts';

/** What else a field may say: the best texts of the recogniser's probabilities that the field's grammar allows. */
type Search = (track: EmissionTrack) => readonly LikelyText[];

/** A reading surer than this, of characters all surer than that, has no rival worth a search. */
const SURE = 0.95;
const CLEAR_CHARACTER = 0.9;
/** The recogniser is surer than it should be: its nats count half. */
const TEMPER = 2;
/** Nats by which a rival may fit worse than the value, or than the best one where there is no value. */
const MOST_NATS = 7;
/** A free text that differs by more is not of the value alone: of a stamp that was read on to it. */
const MOST_EDITS = 3;
/** Weight of all values that were not found, against 1 of a rival as likely as the value itself. */
const OTHERS = 0.25;

/** What a reading is worth beside its rivals. */
export interface Contest {
  readonly confidence: number;
  /** The likeliest first. */
  readonly rivals: readonly Alternative[];
}

/**
 * Holds a doubtful reading against what else the field may say. What the confidence leaves is shared among the rivals by
 * how well they fit; of a NIK or a date, where one character makes another value, the lead over them bounds the
 * confidence. No search for one that is sure, or that came without probabilities. `birthCode` is DDMMYY as the rest of
 * the card tells it: a NIK that has it has no rivals without it.
 */
export function holdAgainstRivals(
  name: FieldName,
  reading: Reading,
  confidence: number,
  birthCode: string | undefined,
): Contest {
  const { evidence, spans, value } = reading;
  const isSure = confidence >= SURE && evidence.leastCharacter >= CLEAR_CHARACTER;
  const track = isSure ? undefined : trackOf(spans);
  const search = SEARCHES[name];
  if (!track || !search) return { confidence, rivals: [] };
  const nats = new Map<string, number>();
  for (const found of search(track)) {
    const checked = checkValue(name, found.text);
    if (checked.problem === null && !nats.has(checked.value)) nats.set(checked.value, found.nats);
  }
  const isBorneOut = name === 'nik' && birthCode !== undefined && value?.slice(6, 12) === birthCode;
  const own = value === null ? undefined : nats.get(value);
  const reference = own ?? Math.max(...nats.values());
  const rivals = [...nats]
    .filter(([text, fit]) => text !== value && reference - fit <= MOST_NATS)
    .filter(([text]) => !isBorneOut || text.slice(6, 12) === birthCode)
    .filter(([text]) => value === null || !FREE.has(name) || ocrDistance(text, value, MOST_EDITS) <= MOST_EDITS)
    .map(([text, fit]) => ({ text, lead: reference - fit }));
  const share = 1 / rivals.reduce((sum, { lead }) => sum + Math.exp(-lead), 1);
  const bounded = SPELLED.has(name) && own !== undefined ? roundShare(Math.min(confidence, share)) : confidence;
  const weighed = rivals.map(({ text, lead }) => ({ text, weight: Math.exp(-Math.max(0, lead) / TEMPER) }));
  const sum = weighed.reduce((total, { weight }) => total + weight, OTHERS);
  return {
    confidence: bounded,
    rivals: weighed.map(({ text, weight }) => ({ value: text, confidence: ((1 - bounded) * weight) / sum })),
  };
}

/** Fields of which one misread character makes another value of the same form. */
const SPELLED: ReadonlySet<FieldName> = new Set<FieldName>(['nik', 'tgl_lahir', 'tgl_terbit']);

/** Texts, each taken for what the field's reader makes of it. */
function texts(read: (text: string) => string | undefined, options?: BeamOptions): Search {
  return ({ emissions }) => {
    return likelyTexts(emissions, options).flatMap(({ nats, text }) => {
      const value = read(text);
      return value ? [{ text: value, nats }] : [];
    });
  };
}

/** Each entry of a short list that was seen hardly less than what was read. */
function entries(list: readonly string[]): Search {
  return (track) => {
    const read = track.logLikelihood(decodeEmissions(track.emissions).text);
    return list
      .map((entry) => ({ text: canonicalValue(entry), nats: track.logLikelihood(entry) }))
      .filter(({ nats }) => read - nats <= MOST_NATS)
      .sort((first, second) => second.nats - first.nats);
  };
}

const niks: Search = ({ emissions }) =>
  likelyTexts(emissions, { alphabet: DIGITS, canBegin: canBeginNik }).filter(({ text }) => text.length === 16);
const dates = texts(
  (text) => {
    const found = findDate(text);
    return found && toIsoDate(found.date);
  },
  { alphabet: DATE_CHARACTERS, canBegin: canBeginDate },
);
const NEIGHBOURHOOD: ReadonlySet<string> = new Set('0123456789/- ');
const half = (part: 'rt' | 'rw') => texts((text) => splitNeighbourhood(text)?.[part], { alphabet: NEIGHBOURHOOD });
const nationality = texts((text) => NATIONALITIES.find((entry) => entry === plainText(text)));

const SEARCHES: Readonly<Partial<Record<FieldName, Search>>> = {
  provinsi: texts((text) => plainText(text).replace(/^PROVINSI /, '')),
  kabupaten_kota: texts(plainText),
  nik: niks,
  nama: texts(cleanName),
  tempat_lahir: texts(cleanPlace),
  tgl_lahir: dates,
  jenis_kelamin: entries(SEXES),
  gol_darah: entries(BLOOD_GROUPS),
  alamat: texts(cleanAddress),
  rt: half('rt'),
  rw: half('rw'),
  kel_desa: texts(cleanPlace),
  kecamatan: texts(cleanPlace),
  agama: entries(RELIGIONS),
  status_perkawinan: entries(MARITAL_STATES),
  pekerjaan: texts(plainText),
  kewarganegaraan: nationality,
  berlaku_hingga: dates,
  tempat_terbit: texts(cleanPlace),
  tgl_terbit: dates,
};
