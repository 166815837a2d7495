/**
 * RFC 4180, with `,` or `;` between the cells (whichever the first line has more of), any line ends and a byte order
 * mark. Empty lines are left out.
 */
export function parseCsv(text: string): string[][] {
  const content = text.replace(/^\uFEFF/, '');
  const separator = separatorOf(content);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = (): void => {
    row.push(cell);
    cell = '';
  };
  const endRow = (): void => {
    endCell();
    if (row.some((text) => text !== '')) rows.push(row);
    row = [];
  };
  for (let index = 0; index < content.length; index++) {
    const character = content[index] ?? '';
    if (quoted) {
      if (character !== '"') cell += character;
      else if (content[index + 1] === '"') {
        cell += '"';
        index++;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === separator) endCell();
    else if (character === '\n') endRow();
    else if (character === '\r') {
      if (content[index + 1] !== '\n') endRow();
    } else cell += character;
  }
  endRow();
  return rows;
}

function separatorOf(content: string): ',' | ';' {
  const [first = ''] = content.split(/\r?\n/, 1);
  return first.split(';').length > first.split(',').length ? ';' : ',';
}
