/** What optical readers make of digits (docs/ktp-domain.md); only ever applied where nothing but digits can stand. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  O: '0',
  o: '0',
  D: '0',
  Q: '0',
  U: '0',
  C: '0',
  I: '1',
  l: '1',
  i: '1',
  '|': '1',
  '!': '1',
  '[': '1',
  ']': '1',
  J: '1',
  L: '1',
  t: '1',
  Z: '2',
  z: '2',
  A: '4',
  h: '4',
  S: '5',
  s: '5',
  $: '5',
  b: '6',
  G: '6',
  '?': '7',
  T: '7',
  B: '8',
  '&': '8',
  g: '9',
  q: '9',
};

/** The digit that a character stands for, or undefined. */
export function digitOf(character: string): string | undefined {
  if (character >= '0' && character <= '9') return character;
  return LOOKALIKES[character];
}

/** Every character that can be taken for a digit made one; all others dropped. */
export function onlyDigits(text: string): string {
  let digits = '';
  for (const character of text) digits += digitOf(character) ?? '';
  return digits;
}

const LETTERS: Readonly<Record<string, string>> = {
  '0': 'O',
  '1': 'I',
  '2': 'Z',
  '4': 'A',
  '5': 'S',
  '6': 'G',
  '8': 'B',
  '|': 'I',
  '!': 'I',
  $: 'S',
};

/** The reverse: digits inside a word that can hold letters only. */
export function onlyLetters(text: string): string {
  return text.replace(/[0124568|!$]/g, (character) => LETTERS[character] ?? character);
}
