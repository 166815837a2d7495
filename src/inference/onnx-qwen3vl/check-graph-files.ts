import { join, relative } from 'node:path';
import { ModelFolderError } from './model-folder-error.ts';
import { recordedFiles, sizeOf } from './recorded-files.ts';

/**
 * Compares the sizes of the graphs and their weights with what was noted when they were made: of a folder that was not
 * copied whole ONNX Runtime says little, or dies. Contents are compared by `ktpflow models verify`, which takes minutes.
 * @param graphs paths of the `.onnx` files; weights lie beside them under the same name and more
 * @throws ModelFolderError
 */
export async function checkGraphFiles(folder: string, graphs: readonly string[]): Promise<void> {
  const names = graphs.map((path) => relative(folder, path));
  for (const [name, { bytes }] of await recordedFiles(folder)) {
    if (!names.some((graph) => name.startsWith(graph))) continue;
    const size = await sizeOf(join(folder, name));
    if (size === null) throw new ModelFolderError(`the folder of VLM_MODEL_DIR has no ${name}`);
    if (size !== bytes) {
      throw new ModelFolderError(
        `${name} in the folder of VLM_MODEL_DIR has ${size} bytes instead of ${bytes}: it was not copied whole`,
      );
    }
  }
}
