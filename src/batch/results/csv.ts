import { type ResultRow, TABLE_HEADER, tableCells } from './result-row.ts';

const BYTE_ORDER_MARK = '\uFEFF';

export interface CsvOptions {
  /** Excel takes a file without the mark for one in the machine's old code page. */
  readonly byteOrderMark: boolean;
}

/**
 * RFC 4180, UTF-8, with a header. Every text is quoted, so that a reader can tell the digits of a NIK from a number.
 */
export async function* writeCsv(rows: AsyncIterable<ResultRow>, { byteOrderMark }: CsvOptions): AsyncGenerator<string> {
  yield `${byteOrderMark ? BYTE_ORDER_MARK : ''}${TABLE_HEADER.join(',')}\r\n`;
  for await (const row of rows) {
    const [index, ...texts] = tableCells(row);
    yield `${[String(index), ...texts.map(quote)].join(',')}\r\n`;
  }
}

function quote(text: string): string {
  return text === '' ? '' : `"${text.replaceAll('"', '""')}"`;
}
