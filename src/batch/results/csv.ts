import { type ResultRow, TABLE_HEADER, tableCells } from './result-row.ts';

const BYTE_ORDER_MARK = '\uFEFF';

export interface CsvOptions {
  /** Excel takes a file without the mark for one in the machine's old code page. */
  readonly byteOrderMark: boolean;
  /**
   * For a double click: spreadsheet programs turn sixteen digits into a number and lose the last one, "001/002" into a
   * date, and leading zeros into nothing. A tab in front makes a text of what begins with a digit; other readers have to
   * take it away again.
   */
  readonly guardDigits: boolean;
  /** Between cells: `,`, `;` or a tab. A spreadsheet program divides at its machine's list separator only. */
  readonly separator: string;
}

/**
 * RFC 4180, UTF-8, with a header. Every text is quoted, so that a reader can tell the digits of a NIK from a number.
 */
export async function* writeCsv(
  rows: AsyncIterable<ResultRow>,
  { byteOrderMark, guardDigits, separator }: CsvOptions,
): AsyncGenerator<string> {
  yield `${byteOrderMark ? BYTE_ORDER_MARK : ''}${TABLE_HEADER.join(separator)}\r\n`;
  for await (const row of rows) {
    const [index, ...texts] = tableCells(row);
    const cells = guardDigits ? texts.map((text) => text.replace(/^\d/, '\t$&')) : texts;
    yield `${[String(index), ...cells.map(quote)].join(separator)}\r\n`;
  }
}

function quote(text: string): string {
  return text === '' ? '' : `"${text.replaceAll('"', '""')}"`;
}
