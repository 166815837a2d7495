import { join } from 'node:path';
import { recordedFiles, sizeOf } from '../../inference/onnx-qwen3vl/recorded-files.ts';
import { sha256Of } from '../assets/verify.ts';

export interface FileVerdict {
  readonly path: string;
  readonly verdict: 'ok' | 'missing' | 'wrong size' | 'wrong content';
}

/**
 * Compares the files of a folder with its manifest, or with what was recorded when it was fetched.
 * @returns null: the folder has neither
 */
export async function verifyModel(folder: string, onFile: (path: string) => void): Promise<FileVerdict[] | null> {
  const files = await recordedFiles(folder);
  if (files.size === 0) return null;
  const verdicts: FileVerdict[] = [];
  for (const [path, { bytes, sha256 }] of files) {
    onFile(path);
    const size = await sizeOf(join(folder, path));
    if (size === null) verdicts.push({ path, verdict: 'missing' });
    else if (size !== bytes) verdicts.push({ path, verdict: 'wrong size' });
    else verdicts.push({ path, verdict: (await sha256Of(join(folder, path))) === sha256 ? 'ok' : 'wrong content' });
  }
  return verdicts;
}
