/** Words of two letters that stand in addresses by themselves; Roman numerals do too. */
const SHORT_WORDS: ReadonlySet<string> = new Set(
  'AL AN AR AS BR CV DI DK DN DS EL GG HJ JL KE KH KM KP LK NO PT RT RW ST TB UD'.split(' '),
);
const ROMAN = /^[IVXLC]+$/;
/** Behind a word: in front of one two letters are an abbreviation. */
const SHORT_BEHIND_WORD = /(?<=[A-Z]{3} )[A-Z]{2}(?= |$)/g;

/** Whether an address has two letters of which no word is known: the end of a torn one (TENG AH), mostly. */
export function mayBeTorn(address: string): boolean {
  return [...address.matchAll(SHORT_BEHIND_WORD)].some(([word]) => !SHORT_WORDS.has(word) && !ROMAN.test(word));
}

/** A house's number that ran together with the street's name: MELATINO66. Names that end so have a blank behind them. */
const JOINED_NUMBER = /[A-Z]{3}NO(?:\. ?)?\d/;

/** Whether blanks before and behind the word for a house's number were lost in an address. */
export function isRunTogether(address: string): boolean {
  return JOINED_NUMBER.test(address);
}
