import {
  editGraph,
  GRAPH_INITIALIZER,
  GRAPH_VALUE_INFO,
  nameOf,
  readTensor,
  TENSOR_DIMS,
  TENSOR_RAW_DATA,
} from './onnx-messages.ts';
import { concatBytes, editMessage, encodeBytesField, encodeVarintField, readFields } from './protobuf.ts';

/** What a KTP can hold, and a few marks that dirt or other print is read as. */
export const KTP_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./,-:;\'()&+"` ';

/** Field numbers of onnx.proto3 (github.com/onnx/onnx), those that are touched here alone. */
const MODEL_METADATA = 14;
const GRAPH_OUTPUT = 12;
const VALUE_INFO_TYPE = 2;

/** Names that PP-OCRv6's recogniser gives its last layer: [features, classes] and [classes]. */
const LAST_LAYER = new Set(['linear_8.w_0', 'linear_8.b_0']);

export interface RecognitionModel {
  /** The ONNX file, to create a session from. */
  readonly bytes: Uint8Array;
  /** Text of each output column; '' for the CTC blank, column 0. */
  readonly characters: readonly string[];
}

/**
 * Reads the dictionary of a PP-OCR recogniser (metadata key `character`, a line each) and, where `keep` is given, cuts
 * the output layer down to those characters. Of PP-OCRv6's 18,710 classes a KTP needs under a hundred: the cut takes
 * 9 MB off the file and up to half the time of a run, and leaves the winners among the kept characters unchanged.
 */
export function prepareRecognitionModel(model: Uint8Array, keep?: string): RecognitionModel {
  const dictionary = readDictionary(model);
  // Class 0 is the CTC blank, then the dictionary, then the blank character.
  const characters = ['', ...dictionary, ' '];
  if (keep === undefined) return { bytes: model, characters };
  const columns = [0];
  for (const [column, character] of characters.entries()) {
    if (column > 0 && keep.includes(character)) columns.push(column);
  }
  return {
    bytes: keepOutputColumns(model, columns, characters.length),
    characters: columns.map((column) => characters[column] ?? ''),
  };
}

function readDictionary(model: Uint8Array): string[] {
  const decoder = new TextDecoder();
  for (const field of readFields(model)) {
    if (field.number !== MODEL_METADATA) continue;
    let key = '';
    let value = '';
    for (const entry of readFields(field.payload)) {
      if (entry.number === 1) key = decoder.decode(entry.payload);
      if (entry.number === 2) value = decoder.decode(entry.payload);
    }
    if (key === 'character') return value.split('\n');
  }
  throw new RangeError('the recognition model holds no dictionary');
}

function keepOutputColumns(model: Uint8Array, columns: readonly number[], classes: number): Uint8Array {
  let cut = 0;
  const edited = editGraph(model, (graph) =>
    editMessage(graph, (part) => {
      // Shapes of inner values name the old class count; onnxruntime infers them anew.
      if (part.number === GRAPH_VALUE_INFO) return null;
      if (part.number === GRAPH_OUTPUT) return encodeBytesField(GRAPH_OUTPUT, withoutShape(part.payload));
      if (part.number !== GRAPH_INITIALIZER) return undefined;
      const tensor = cutTensor(part.payload, columns, classes);
      if (!tensor) return undefined;
      cut++;
      return encodeBytesField(GRAPH_INITIALIZER, tensor);
    }),
  );
  if (cut !== LAST_LAYER.size) throw new RangeError('the recognition model has no output layer of the known name');
  return edited;
}

/** ValueInfoProto -> TypeProto (2) -> Tensor (1) -> shape (2) is dropped. */
function withoutShape(valueInfo: Uint8Array): Uint8Array {
  return editMessage(valueInfo, (field) => {
    if (field.number !== VALUE_INFO_TYPE) return undefined;
    const type = editMessage(field.payload, (inner) =>
      inner.number === 1
        ? encodeBytesField(
            1,
            editMessage(inner.payload, (part) => (part.number === 2 ? null : undefined)),
          )
        : undefined,
    );
    return encodeBytesField(VALUE_INFO_TYPE, type);
  });
}

/** The tensor with only the wanted entries of its last dimension, or null for a tensor that is not of the last layer. */
function cutTensor(tensor: Uint8Array, columns: readonly number[], classes: number): Uint8Array | null {
  const name = nameOf(tensor);
  if (!LAST_LAYER.has(name)) return null;
  const { values: source } = readTensor(tensor);
  const rows = source.length / classes;
  if (!Number.isInteger(rows)) throw new RangeError('the output layer has an unknown form');
  const kept = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    for (const [index, column] of columns.entries()) {
      kept[row * columns.length + index] = source[row * classes + column] ?? 0;
    }
  }
  const rest = editMessage(tensor, (field) =>
    field.number === TENSOR_DIMS || field.number === TENSOR_RAW_DATA ? null : undefined,
  );
  const dims = name.includes('.w_') ? [rows, columns.length] : [columns.length];
  return concatBytes([
    ...dims.map((size) => encodeVarintField(TENSOR_DIMS, size)),
    rest,
    encodeBytesField(TENSOR_RAW_DATA, new Uint8Array(kept.buffer)),
  ]);
}
