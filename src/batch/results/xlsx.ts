import { type ResultRow, TABLE_HEADER, tableCells } from './result-row.ts';
import { writeZip } from './zip-stream.ts';

/** Office Open XML (ECMA-376), the little of it that one sheet of texts needs. */
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const CONTENT_TYPES = `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/></Types>`;
const PACKAGE_RELATIONS = `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>`;
const WORKBOOK = `${XML}<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}"><sheets><sheet name="ktp" sheetId="1" r:id="rId1"/></sheets></workbook>`;
const WORKBOOK_RELATIONS = `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${DOCUMENT}/styles" Target="styles.xml"/></Relationships>`;

/** Style 1 is text (number format 49, "@"): a NIK that somebody edits stays one. Style 2 is the bold header. */
const TEXT_STYLE = 1;
const HEADER_STYLE = 2;
const STYLES = `${XML}<styleSheet xmlns="${MAIN}"><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf xfId="0" numFmtId="49" applyNumberFormat="1"/><xf xfId="0" numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

const FROZEN_HEADER =
  '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>';
const COLUMNS = `<cols><col min="1" max="1" width="8"/><col min="2" max="${TABLE_HEADER.length}" width="20" style="${TEXT_STYLE}"/></cols>`;

/**
 * A workbook with one sheet, its header frozen, every cell but the index text. Written row by row as it is read, so
 * that a batch of any size takes no more memory than a small one.
 * @param count how many rows there are: readers that stream want to know before the first one
 */
export function writeXlsx(rows: AsyncIterable<ResultRow>, count: number): AsyncGenerator<Buffer> {
  return writeZip([
    { name: '[Content_Types].xml', content: [CONTENT_TYPES] },
    { name: '_rels/.rels', content: [PACKAGE_RELATIONS] },
    { name: 'xl/workbook.xml', content: [WORKBOOK] },
    { name: 'xl/_rels/workbook.xml.rels', content: [WORKBOOK_RELATIONS] },
    { name: 'xl/styles.xml', content: [STYLES] },
    { name: 'xl/worksheets/sheet1.xml', content: sheet(rows, count) },
  ]);
}

async function* sheet(rows: AsyncIterable<ResultRow>, count: number): AsyncGenerator<string> {
  const dimension = `<dimension ref="A1:${columnName(TABLE_HEADER.length - 1)}${count + 1}"/>`;
  yield `${XML}<worksheet xmlns="${MAIN}">${dimension}${FROZEN_HEADER}${COLUMNS}<sheetData>`;
  // Rows and cells may go without their places by the standard, but some readers insist on them.
  let line = 1;
  yield writeRow(line, (place) => TABLE_HEADER.map((header, column) => textCell(place(column), header, HEADER_STYLE)));
  for await (const row of rows) {
    const [index, ...texts] = tableCells(row);
    yield writeRow(++line, (place) => [
      `<c r="${place(0)}"><v>${index}</v></c>`,
      ...texts.map((text, column) => textCell(place(column + 1), text, TEXT_STYLE)),
    ]);
  }
  yield '</sheetData></worksheet>';
}

function writeRow(line: number, cells: (place: (column: number) => string) => string[]): string {
  const place = (column: number): string => `${columnName(column)}${line}`;
  return `<row r="${line}">${cells(place).join('')}</row>`;
}

/** A to Z, then AA. @param column from 0 */
export function columnName(column: number): string {
  const letter = String.fromCharCode(65 + (column % 26));
  return column < 26 ? letter : columnName(Math.floor(column / 26) - 1) + letter;
}

function textCell(place: string, text: string, style: number): string {
  if (text === '') return `<c r="${place}" s="${style}"/>`;
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

/** What looks like a character's number to a spreadsheet program, which shows the character (ECMA-376, ST_Xstring). */
const ESCAPED_CHARACTER = /_(?=x[0-9A-Fa-f]{4}_)/g;

function escapeXml(text: string): string {
  return text.replace(ESCAPED_CHARACTER, '_x005F_').replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
