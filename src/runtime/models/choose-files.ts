import type { HubFile } from './hub.ts';

/** What a runner or the exporter needs besides the weights. */
const SMALL_FILES = /^[^/]+\.(json|jinja|txt)$/;

/** Of public exports in several precisions the one for a CPU; 4-bit vision is never good enough. */
const PRECISIONS: readonly (readonly [graph: string, suffixes: readonly string[]])[] = [
  ['vision_encoder', ['', '_quantized', '_int8', '_q8', '_fp16']],
  ['embed_tokens', ['', '_fp16', '_quantized', '_int8', '_q8', '_q4']],
  ['decoder_model_merged', ['_q4', '_quantized', '_int8', '_q8', '', '_fp16']],
];

/**
 * The files of a repository that are worth fetching: of an export the graphs in one precision, of a checkpoint its
 * weights, of both the configuration.
 */
export function chooseFiles(files: readonly HubFile[]): HubFile[] {
  const safe = files.filter(({ path }) => !path.startsWith('/') && !path.split('/').includes('..'));
  const small = safe.filter(({ path }) => SMALL_FILES.test(path));
  const graphs = PRECISIONS.flatMap(([graph, suffixes]) => graphFiles(safe, graph, suffixes));
  const weights = graphs.length > 0 ? graphs : safe.filter(({ path }) => path.endsWith('.safetensors'));
  return [...small, ...weights];
}

function graphFiles(files: readonly HubFile[], graph: string, suffixes: readonly string[]): HubFile[] {
  for (const suffix of suffixes) {
    const name = new RegExp(`^(onnx/)?${graph}${suffix}\\.onnx(_data(_\\d+)?)?$`);
    const found = files.filter(({ path }) => name.test(path));
    if (found.some(({ path }) => path.endsWith('.onnx'))) return found;
  }
  return [];
}
