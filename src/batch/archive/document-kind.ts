/** By a file's first bytes; the command line, which does not see the media, asks here. */
export { archiveKind, KIND_BYTES } from '../../media/archive-kind.ts';

/** What an Office document has inside. */
const OFFICE_ENTRIES: Readonly<Record<string, string>> = {
  'xl/workbook.xml': 'an Excel workbook',
  'word/document.xml': 'a Word document',
  'ppt/presentation.xml': 'a PowerPoint presentation',
};

/** `an Excel workbook`: what a ZIP with these entries is, where it is no archive of somebody's files. */
export function officeKind(names: readonly string[]): string | null {
  if (names[0] === 'mimetype' && names.includes('content.xml')) return 'an OpenDocument file';
  if (!names.includes('[Content_Types].xml')) return null;
  const known = names.find((name) => Object.hasOwn(OFFICE_ENTRIES, name));
  return (
    (known && OFFICE_ENTRIES[known]) ?? (names.some((name) => name.startsWith('xl/')) ? 'an Excel workbook' : null)
  );
}
