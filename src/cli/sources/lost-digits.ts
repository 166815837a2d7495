/** How a spreadsheet program shows and saves a long number: its last digits are lost. */
const ROUNDED_NUMBER = /^\d([.,]\d+)?E\+\d+$|^\d[.,]\d+E\d+$/i;
/** What stands in a cell that is too narrow, or whose formula has failed. */
const NO_VALUE = /^(#{3,}|#(N\/A|REF!|VALUE!|NAME\?|NUM!|DIV\/0!|NULL!))$/i;
/** A number of which a spreadsheet program has kept the fifteen digits that it can hold. */
const CUT_NUMBER = /^\d{15}0+$/;
const LONG_NUMBER = /^\d{16,}$/;
const GROUPED = /^\d{1,3}([.,\s\u00a0\u202f])\d{3}(\1\d{3})+$/;

interface Labelled {
  readonly customId: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** What to say of a list's numbers that a spreadsheet program has spoilt, a sentence for each column. */
export function remarksOnNumbers(rows: readonly Labelled[]): string[] {
  const columns = new Map<string, string[]>();
  for (const { customId, metadata } of rows) {
    for (const [name, value] of [['custom_id', customId ?? ''] as const, ...Object.entries(metadata ?? {})]) {
      if (value === '') continue;
      const values = columns.get(name);
      if (values) values.push(value);
      else columns.set(name, [value]);
    }
  }
  return [...columns].flatMap(([name, values]) => remarkOn(name, values) ?? []);
}

/** What to say of custom ids that several rows have; they are taken. */
export function remarksOnTwins(rows: readonly Labelled[]): string[] {
  const counts = new Map<string, number>();
  for (const { customId } of rows) if (customId !== null) counts.set(customId, (counts.get(customId) ?? 0) + 1);
  const twins = [...counts.values()].filter((count) => count > 1).length;
  return twins === 0
    ? []
    : [`${twins} ${twins === 1 ? 'value of custom_id stands' : 'values of custom_id stand'} in several rows`];
}

function remarkOn(name: string, values: readonly string[]): string | null {
  const spoilt = values.filter((value) => ROUNDED_NUMBER.test(value) || NO_VALUE.test(value));
  const bad = [...spoilt, ...cutNumbers(values.map(digitsOf))];
  if (bad.length === 0) return null;
  const which = bad.length === 1 ? `a ${name} looks` : `${bad.length} values of ${name} look`;
  return `${which} like ${bad[0]}: a spreadsheet program has rounded a long number. Format the column as text before the numbers are typed or pasted, and save the list again`;
}

/** One number in ten ends in a zero by itself: several that all do were cut, and so was one that stands there twice. */
function cutNumbers(values: readonly string[]): readonly string[] {
  const long = values.filter((value) => LONG_NUMBER.test(value));
  const cut = long.filter((value) => CUT_NUMBER.test(value));
  if (long.length > 2 && cut.length === long.length) return cut;
  return cut.filter((value, at) => cut.indexOf(value) !== at || cut.lastIndexOf(value) !== at);
}

/** Without what divides thousands, and the decimals of a program that takes every number for a measurement. */
function digitsOf(value: string): string {
  const whole = value.replace(/[.,]0$/, '');
  return GROUPED.test(whole) ? whole.replaceAll(/\D/g, '') : whole;
}
