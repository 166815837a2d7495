import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'vite';
import { inputsHash } from '../../scripts/build-inputs.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Modules that start threads and processes, from what lies beside them. */
const STARTERS = [
  'inference/card-reader/start-card-thread',
  'inference/chat/json-schema',
  'inference/onnx-qwen3vl/start-model-thread',
  'inference/start-thread',
  'media/documents/open-document',
  'runtime/embedded/pglite',
];

/**
 * Vite plugin: threads and processes that the tests' modules start are those of the build, where src/ has not changed
 * since. Compiling the same modules anew costs each of them more than what it then does.
 */
export function startBuilt(): Plugin {
  const built = new Map(STARTERS.map((path) => [`${root}src/${path}.ts`, `${root}dist/${path}.js`]));
  const isCurrent = builtFrom() === inputsHash(root);
  return {
    name: 'start-built',
    enforce: 'pre',
    transform(code, id) {
      const path = isCurrent ? built.get(id) : undefined;
      if (path === undefined) return null;
      return { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), map: null };
    },
  };
}

function builtFrom(): string | null {
  try {
    return readFileSync(`${root}dist/.inputs`, 'utf8');
  } catch {
    return null;
  }
}
