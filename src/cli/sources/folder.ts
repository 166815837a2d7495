import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeName } from '../../batch/archive/entry-name.ts';
import { isJunk } from '../../batch/archive/entry-rules.ts';
import { joinName, type LocalPath } from './local-path.ts';
import { type FileProblem, reasonOf, type SourceFile } from './source-file.ts';

export interface FolderContent {
  readonly files: SourceFile[];
  /** Folders that cannot be read. */
  readonly problems: FileProblem[];
  /** Links, which are not followed. */
  readonly links: string[];
  /** How many files and folders of the system or of other programs were left out. */
  junk: number;
}

const byName = new Intl.Collator('en', { numeric: true });

/**
 * All files of a folder and its folders, `2.jpg` before `10.jpg`; what archives leave out is left out here too, and
 * links are not followed. Names are taken as bytes: one that is no UTF-8 is read as well.
 * @param except absolute paths of files that are none of the source: the results
 */
export async function readFolder(folder: string, except: ReadonlySet<string> = new Set()): Promise<FolderContent> {
  const content: FolderContent = { files: [], problems: [], links: [], junk: 0 };
  await readInto(content, folder, '', except);
  return content;
}

async function readInto(
  content: FolderContent,
  folder: LocalPath,
  inside: string,
  except: ReadonlySet<string>,
): Promise<void> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    content.problems.push({ name: inside === '' ? String(folder) : `${inside}/`, reason: reasonOf(error) });
    return;
  }
  const named = entries.map((entry) => ({ entry, own: decodeName(entry.name) }));
  for (const { entry, own } of named.sort((one, other) => byName.compare(one.own, other.own))) {
    const name = inside === '' ? own : `${inside}/${own}`;
    const path = joinName(folder, entry.name);
    if (isJunk({ name: own, mode: 0 })) content.junk++;
    else if (entry.isDirectory()) await readInto(content, path, name, except);
    else if (entry.isSymbolicLink()) content.links.push(name);
    else if (entry.isFile() && !except.has(resolve(String(path)))) content.files.push({ path, name });
  }
}
