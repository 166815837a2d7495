/** In English and in Indonesian; the first of them that is filled in a row is the one that is meant. */
export const FILE_COLUMNS = [
  ...['file', 'filename', 'file_name', 'path', 'file_path', 'filepath', 'image', 'image_path', 'image_url', 'url'],
  ...['berkas', 'nama_berkas', 'nama_file', 'foto', 'gambar', 'photo', 'picture', 'scan', 'link', 'tautan'],
  ...['foto_ktp', 'file_ktp', 'scan_ktp', 'gambar_ktp', 'nama_foto', 'nama_gambar'],
];
export const ID_COLUMNS = ['custom_id', 'customid'];

/** The second `note` is `note_2`: one of them would be lost. */
export function toldApart(columns: readonly string[]): string[] {
  return columns.map((name, column) => {
    const before = columns.slice(0, column).filter((other) => other === name).length;
    return name === '' || before === 0 ? name : `${name}_${before + 1}`;
  });
}

/** Whether a header's cell names the column of the files. */
export function isFileColumn(cell: string): boolean {
  return FILE_COLUMNS.includes(columnName(cell));
}

/** `Custom ID` is `custom_id`. */
export function columnName(cell: string): string {
  return textOf(cell)
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}

/** Marks of writing direction, which Windows puts before a path that is copied from its properties. */
const MARKS = /^[\u200b-\u200f\u202a-\u202e\s]+|[\u200b-\u200f\u202a-\u202e\s]+$/g;
/** How a number is kept as text in a CSV for Excel. */
const FORMULA_TEXT = /^="(.*)"$/s;

/** A cell's text: also without the blanks of web pages, which no parser of CSV takes for ones. */
export function textOf(cell: string): string {
  const text = cell.replaceAll(MARKS, '');
  return FORMULA_TEXT.exec(text)?.[1]?.trim() ?? text;
}
