import { CsvError, type Options, parse } from 'csv-parse/sync';

export interface TableRow {
  /** Of the file, from 1; where a cell has line ends, its last one. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table that cannot be read; the message is one line with the place. */
export class TableError extends Error {
  override readonly name = 'TableError';
}

const SEPARATORS = [',', ';', '\t', '|'] as const;
/** For a table of one column, whose cells may hold any separator. */
const NO_SEPARATOR = '\u001F';
/** Excel's own line, which names the separator. */
const SEPARATOR_LINE = /^\uFEFF?"?sep=(.)"?[,;\t]*(\r\n|\n|\r)/i;

const LINE_END = /\r\n|\n|\r/;
/** A header stands so far down at most. */
const MAX_TITLE_LINES = 20;

const OPTIONS = {
  bom: true,
  trim: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
} satisfies Options;

/**
 * The rows of a table of text as spreadsheets write them: cells between commas, semicolons, tabs or bars, perhaps
 * quoted, blanks around them, any line ends. Rows without any text are left out.
 * @param isKnownHeader whether a cell of the first line is one that is looked for: tells which separator is meant
 * @throws TableError where a quotation mark is never closed, or text follows one
 */
export function parseTable(text: string, isKnownHeader: (cell: string) => boolean): TableRow[] {
  const named = SEPARATOR_LINE.exec(text);
  const table = named ? text.slice(named[0].length) : text;
  const title = titleLines(table, isKnownHeader);
  const content = behindLines(table, title);
  const delimiter = named?.[1] ?? separatorOf(content, isKnownHeader);
  const firstLine = title + (named ? 1 : 0);
  const rows = parseRows(content, { delimiter })
    .map(({ line, cells }) => ({ line: line + firstLine, cells }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  return opened(rows, isKnownHeader) ?? rows;
}

/** Lines in front of the header, titles and dates of a sheet; none where no line is a header. */
function titleLines(content: string, isKnownHeader: (cell: string) => boolean): number {
  const lines = content.split(LINE_END, MAX_TITLE_LINES + 1);
  const isHeader = (line: string) => SEPARATORS.some((delimiter) => headerUnder(line, delimiter).some(isKnownHeader));
  return Math.max(0, lines.findIndex(isHeader));
}

/** The text behind so many lines. */
function behindLines(content: string, count: number): string {
  let rest = content;
  for (let line = 0; line < count; line++) {
    const end = LINE_END.exec(rest);
    rest = rest.slice(end ? end.index + end[0].length : rest.length);
  }
  return rest;
}

/**
 * A table whose lines were each put into one cell: a spreadsheet program that has not divided them saves them so.
 * Null: it is none.
 */
function opened(rows: readonly TableRow[], isKnownHeader: (cell: string) => boolean): TableRow[] | null {
  const lines = rows.map(({ cells }) => cells[0] ?? '');
  const header = lines[0] ?? '';
  if (rows.some(({ cells }) => cells.length > 1) || isKnownHeader(header)) return null;
  const separator = SEPARATORS.find((delimiter) => headerUnder(header, delimiter).some(isKnownHeader));
  if (separator === undefined) return null;
  return parseRows(lines.join('\n'), { delimiter: separator }).map(({ line, cells }) => {
    return { line: rows[line - 1]?.line ?? line, cells };
  });
}

function separatorOf(content: string, isKnownHeader: (cell: string) => boolean): string {
  const headers = SEPARATORS.map((delimiter) => ({ delimiter, cells: headerUnder(content, delimiter) }));
  const divided = headers.filter(({ cells }) => cells.length > 1);
  const known = divided.filter(({ cells }) => cells.some(isKnownHeader));
  const candidates = (known.length > 0 ? known : divided).sort((one, other) => other.cells.length - one.cells.length);
  return candidates[0]?.delimiter ?? NO_SEPARATOR;
}

function headerUnder(content: string, delimiter: string): readonly string[] {
  try {
    return parseRows(content, { delimiter, to: 1 })[0]?.cells ?? [];
  } catch {
    return [];
  }
}

function parseRows(content: string, options: Options): TableRow[] {
  const rows: TableRow[] = [];
  try {
    parse(content, {
      ...OPTIONS,
      ...options,
      on_record: (cells: string[], { lines }) => {
        rows.push({ line: lines, cells });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (rows.at(-1)?.line ?? 0) + 1;
    throw new TableError(
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? `the quotation mark in line ${line} or behind it is never closed`
        : `line ${line} or behind it has text after a closing quotation mark`,
      { cause: error },
    );
  }
  return rows;
}
