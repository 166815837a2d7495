/** A page of a PDF: a JPEG somewhere on a sheet, in points (1/72 inch). */
export interface PdfPage {
  readonly jpeg: Uint8Array;
  /** Pixels of the JPEG. */
  readonly size: { readonly width: number; readonly height: number };
  readonly sheet: { readonly width: number; readonly height: number };
  /** Where it stands: lower left corner and width. */
  readonly at: { readonly x: number; readonly y: number; readonly width: number };
}

export const A4 = { width: 595, height: 842 } as const;
/** Width of an ID-1 card in points. */
export const CARD_WIDTH = 243;

/** A PDF as scanners write it: a JPEG a page (ISO 32000-1, DCTDecode). */
export function makePdf(pages: readonly PdfPage[]): Buffer {
  const objects: Buffer[] = [];
  const add = (...parts: (string | Uint8Array)[]): number => {
    objects.push(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));
    return objects.length;
  };
  // The catalog and the list of pages are 1 and 2.
  objects.push(Buffer.alloc(0), Buffer.alloc(0));
  const kids = pages.map(({ at, jpeg, sheet, size }) => {
    const image = add(
      `<< /Type /XObject /Subtype /Image /Width ${size.width} /Height ${size.height} /ColorSpace /DeviceRGB`,
      ` /BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>\nstream\n`,
      jpeg,
      '\nendstream',
    );
    const height = (at.width * size.height) / size.width;
    const drawing = `q ${at.width} 0 0 ${height} ${at.x} ${at.y} cm /Card Do Q`;
    const contents = add(`<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`);
    return add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${sheet.width} ${sheet.height}]`,
      ` /Resources << /XObject << /Card ${image} 0 R >> >> /Contents ${contents} 0 R >>`,
    );
  });
  objects[0] = Buffer.from('<< /Type /Catalog /Pages 2 0 R >>');
  objects[1] = Buffer.from(
    `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`,
  );
  let length = 0;
  const parts: Buffer[] = [];
  const write = (part: Buffer) => {
    parts.push(part);
    length += part.length;
  };
  write(Buffer.from('%PDF-1.4\n'));
  const offsets = objects.map((object, index) => {
    const offset = length;
    write(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]));
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  write(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
