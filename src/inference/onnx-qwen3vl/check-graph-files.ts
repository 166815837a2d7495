import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { ModelFolderError } from './model-folder-error.ts';

/** manifest.json of an export, and what `ktpflow models pull` notes of what it has fetched. */
const RECORDS = ['manifest.json', 'ktpflow-files.json'];
const recordSchema = z.looseObject({ files: z.record(z.string(), z.looseObject({ bytes: z.number() })) });

/**
 * Compares the sizes of the graphs and their weights with what was noted when they were made: of a folder that was not
 * copied whole ONNX Runtime says little, or dies. Contents are compared by `ktpflow models verify`, which takes minutes.
 * @param graphs paths of the `.onnx` files; weights lie beside them under the same name and more
 * @throws ModelFolderError
 */
export async function checkGraphFiles(folder: string, graphs: readonly string[]): Promise<void> {
  const names = graphs.map((path) => relative(folder, path));
  for (const record of RECORDS) {
    for (const [name, { bytes }] of await filesOf(join(folder, record))) {
      if (!names.some((graph) => name.startsWith(graph))) continue;
      const size = await stat(join(folder, name)).then(
        (found) => found.size,
        () => null,
      );
      if (size === null) throw new ModelFolderError(`the folder of VLM_MODEL_DIR has no ${name}`);
      if (size !== bytes) {
        throw new ModelFolderError(
          `${name} in the folder of VLM_MODEL_DIR has ${size} bytes instead of ${bytes}: it was not copied whole`,
        );
      }
    }
  }
}

async function filesOf(path: string): Promise<[string, { bytes: number }][]> {
  try {
    return Object.entries(recordSchema.parse(JSON.parse(await readFile(path, 'utf8'))).files);
  } catch {
    return [];
  }
}
