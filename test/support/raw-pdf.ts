import { deflateSync } from 'node:zlib';

/** An object of a PDF; a stream has its dictionary without `/Length`, and its bytes. */
export type PdfObject = string | { readonly dictionary: string; readonly bytes: Uint8Array };

/** A PDF of these objects, 1 being the catalog, however little sense they make (ISO 32000-1, 7.5). */
export function rawPdf(objects: readonly PdfObject[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  let length = parts[0]?.length ?? 0;
  const table: string[] = [];
  for (const [index, object] of objects.entries()) {
    table.push(`${String(length).padStart(10, '0')} 00000 n \n`);
    const body =
      typeof object === 'string'
        ? Buffer.from(object, 'latin1')
        : Buffer.concat([
            Buffer.from(`<< ${object.dictionary} /Length ${object.bytes.length} >>\nstream\n`, 'latin1'),
            object.bytes,
            Buffer.from('\nendstream'),
          ]);
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')]);
    parts.push(whole);
    length += whole.length;
  }
  const trailer = `trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`;
  parts.push(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table.join('')}${trailer}`));
  return Buffer.concat(parts);
}

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';

/** One page that draws with these contents; its resources and what they name come as objects from 5 on. */
export function onePage(contents: PdfObject, others: readonly PdfObject[] = [], page = A4_BOX): Buffer {
  const resources = '/Resources << /XObject << /X 5 0 R >> >>';
  return rawPdf([
    CATALOG,
    '<< /Type /Pages /Count 1 /Kids [3 0 R] >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox ${page} ${resources} /Contents 4 0 R >>`,
    contents,
    ...others,
  ]);
}

const A4_BOX = '[0 0 595 842]';

export function text(bytes: string): PdfObject {
  return { dictionary: '', bytes: Buffer.from(bytes, 'latin1') };
}

/** A stream that is so many bytes once it is inflated, as often as there are filters. */
export function deflated(bytes: Uint8Array, dictionary = '', times = 1): PdfObject {
  let packed: Uint8Array = bytes;
  for (let time = 0; time < times; time++) packed = deflateSync(packed, { level: 9 });
  const filters = Array(times).fill('/FlateDecode').join(' ');
  return { dictionary: `${dictionary} /Filter [${filters}]`, bytes: packed };
}

/** So many pages, all of them the same picture. */
export function manyPages(count: number, jpeg: Uint8Array, size: { readonly width: number; readonly height: number }) {
  const picture = `/Type /XObject /Subtype /Image /Width ${size.width} /Height ${size.height}`;
  const first = 5;
  const kids = Array.from({ length: count }, (_, index) => `${first + index} 0 R`).join(' ');
  const page = `<< /Type /Page /Parent 2 0 R /MediaBox ${A4_BOX} /Resources << /XObject << /X 4 0 R >> >> /Contents 3 0 R >>`;
  return rawPdf([
    CATALOG,
    `<< /Type /Pages /Count ${count} /Kids [${kids}] >>`,
    text('q 243 0 0 153 60 500 cm /X Do Q'),
    { dictionary: `${picture} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`, bytes: jpeg },
    ...Array.from({ length: count }, () => page),
  ]);
}
