/** A model that is known to fit, for `ktpflow models list`. Sizes are of the export, in bytes. */
export interface KnownModel {
  readonly id: string;
  /** onnx: can be run as it is; checkpoint: is exported first (tools/export-qwen3vl). */
  readonly kind: 'onnx' | 'checkpoint';
  readonly diskBytes: number;
  /** Memory of the inference process while it answers; measured for the 2B, estimated for the others. */
  readonly memoryBytes: number;
  readonly note: string;
}

const GB = 1e9;

/** Of a checkpoint the download, of its export by the preset `cpu` the memory. */
export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    id: 'Qwen/Qwen3-VL-2B-Instruct',
    kind: 'checkpoint',
    diskBytes: 4.3 * GB,
    memoryBytes: 2 * GB,
    note: 'for 2 cores; export it with tools/export-qwen3vl',
  },
  {
    id: 'Qwen/Qwen3-VL-4B-Instruct',
    kind: 'checkpoint',
    diskBytes: 8.9 * GB,
    memoryBytes: 5.5 * GB,
    note: 'for 8 cores; export it with tools/export-qwen3vl',
  },
  {
    id: 'Qwen/Qwen3-VL-8B-Instruct',
    kind: 'checkpoint',
    diskBytes: 17.6 * GB,
    memoryBytes: 9 * GB,
    note: 'better on a GPU: docs/vlm.md',
  },
  {
    id: 'onnx-community/Qwen3-VL-2B-Instruct-ONNX',
    kind: 'onnx',
    diskBytes: 2.5 * GB,
    memoryBytes: 4 * GB,
    note: 'runs as it is, without DeepStack: reads small print worse',
  },
];
