import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isJunk } from '../../batch/archive/entry-rules.ts';

export interface SourceFile {
  readonly path: string;
  /** Path inside the folder, with forward slashes. */
  readonly name: string;
}

const byName = new Intl.Collator('en', { numeric: true });

/**
 * All files of a folder and its folders, `2.jpg` before `10.jpg`; what archives leave out is left out here too, and
 * links are not followed.
 */
export async function filesOf(folder: string, inside = ''): Promise<SourceFile[]> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true });
  const files: SourceFile[] = [];
  for (const entry of entries.sort((one, other) => byName.compare(one.name, other.name))) {
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (isJunk({ name: entry.name, mode: 0 })) continue;
    if (entry.isDirectory()) files.push(...(await filesOf(folder, name)));
    else if (entry.isFile()) files.push({ path: join(folder, name), name });
  }
  return files;
}
