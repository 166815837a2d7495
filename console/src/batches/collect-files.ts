import type { DropItem } from 'react-aria-components';

/** What systems leave in folders: no cards. */
const LEFTOVER = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;
const ARCHIVE = /\.zip$/i;

export interface NamedFile {
  readonly file: File;
  /** Its name, or its path in the folder that was chosen. */
  readonly name: string;
}

/** What was chosen, without what systems leave in folders. */
export function namedFiles(files: Iterable<File>): NamedFile[] {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })).filter(isWanted);
}

/** What was dropped, folders with everything in them. */
export async function droppedFiles(items: Iterable<DropItem>, folder = ''): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for await (const item of items) {
    if (item.kind === 'file') found.push({ file: await item.getFile(), name: folder + item.name });
    if (item.kind === 'directory') {
      const entries: DropItem[] = [];
      for await (const entry of item.getEntries()) entries.push(entry);
      found.push(...(await droppedFiles(entries, `${folder}${item.name}/`)));
    }
  }
  return found.filter(isWanted);
}

export function isArchive({ name }: NamedFile): boolean {
  return ARCHIVE.test(name);
}

function isWanted({ name }: NamedFile): boolean {
  return !LEFTOVER.test(name);
}
