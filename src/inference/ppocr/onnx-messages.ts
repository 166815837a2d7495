import { concatBytes, editMessage, encodeBytesField, encodeVarintField, readFields } from './protobuf.ts';

/** Nodes and weights of an ONNX graph, as bytes of it; field numbers of onnx.proto3 (github.com/onnx/onnx). */
export const MODEL_GRAPH = 7;
const MODEL_OPERATOR_SET = 8;
export const GRAPH_NODE = 1;
export const GRAPH_INITIALIZER = 5;
export const GRAPH_VALUE_INFO = 13;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;
const NODE_NAME = 3;
const NODE_OPERATOR = 4;
const NODE_ATTRIBUTE = 5;
const NODE_DOMAIN = 7;
export const TENSOR_DIMS = 1;
const TENSOR_DATA_TYPE = 2;
const TENSOR_NAME = 8;
export const TENSOR_RAW_DATA = 9;

/** Data types. */
export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface Tensor {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** What comes in the place of the node that answers `output`; null: nothing. */
export type Replacement = readonly [output: string, (node: Uint8Array) => Uint8Array | null];

export function readNode(message: Uint8Array): Node {
  const node = { operator: '', inputs: [] as string[], outputs: [] as string[] };
  for (const { number, payload } of readFields(message)) {
    if (number === NODE_OPERATOR) node.operator = DECODER.decode(payload);
    if (number === NODE_INPUT) node.inputs.push(DECODER.decode(payload));
    if (number === NODE_OUTPUT) node.outputs.push(DECODER.decode(payload));
  }
  return node;
}

/** A model with its graph rewritten. */
export function editGraph(model: Uint8Array, edit: (graph: Uint8Array) => Uint8Array): Uint8Array {
  return editMessage(model, ({ number, payload }) =>
    number === MODEL_GRAPH ? encodeBytesField(MODEL_GRAPH, edit(payload)) : undefined,
  );
}

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

/** Nodes of a graph, in its order. */
export function nodesOf(graph: Uint8Array): Node[] {
  const nodes: Node[] = [];
  for (const { number, payload } of readFields(graph)) if (number === GRAPH_NODE) nodes.push(readNode(payload));
  return nodes;
}

/** What a node may have besides its inputs and output. */
interface NodeOptions {
  /** Whose operator it is; ONNX's own, unless a domain is named. */
  readonly domain?: string;
  /** Attributes of one number each. */
  readonly integers?: Readonly<Record<string, number>>;
  /** Attributes of several. */
  readonly lists?: Readonly<Record<string, readonly number[]>>;
}

/** A node, as a field of the graph. */
export function encodeNode(
  operator: string,
  inputs: readonly string[],
  output: string,
  { domain, integers = {}, lists = {} }: NodeOptions = {},
): Uint8Array {
  const attributes = [
    ...Object.entries(integers).map(([name, value]) =>
      encodeAttribute(name, INTEGER, [encodeVarintField(ATTRIBUTE_INTEGER, value)]),
    ),
    ...Object.entries(lists).map(([name, values]) =>
      encodeAttribute(
        name,
        INTEGERS,
        values.map((value) => encodeVarintField(ATTRIBUTE_INTEGERS, value)),
      ),
    ),
  ];
  return encodeBytesField(
    GRAPH_NODE,
    concatBytes([
      ...encodeEnds(inputs, output),
      encodeText(NODE_OPERATOR, operator),
      ...attributes,
      ...(domain === undefined ? [] : [encodeText(NODE_DOMAIN, domain)]),
    ]),
  );
}

const ATTRIBUTE_NAME = 1;
const ATTRIBUTE_INTEGER = 3;
const ATTRIBUTE_INTEGERS = 8;
const ATTRIBUTE_TYPE = 20;
const INTEGER = 2;
const INTEGERS = 7;

function encodeAttribute(name: string, type: number, values: readonly Uint8Array[]): Uint8Array {
  return encodeBytesField(
    NODE_ATTRIBUTE,
    concatBytes([encodeText(ATTRIBUTE_NAME, name), ...values, encodeVarintField(ATTRIBUTE_TYPE, type)]),
  );
}

/** A node between other values, as a field of the graph; its attributes stay. */
export function withEnds(node: Uint8Array, inputs: readonly string[], output: string): Uint8Array {
  const rest = editMessage(node, ({ number }) =>
    number === NODE_INPUT || number === NODE_OUTPUT || number === NODE_NAME ? null : undefined,
  );
  return encodeBytesField(GRAPH_NODE, concatBytes([...encodeEnds(inputs, output), rest]));
}

function encodeEnds(inputs: readonly string[], output: string): Uint8Array[] {
  return [...inputs.map((name) => encodeText(NODE_INPUT, name)), encodeText(NODE_OUTPUT, output)];
}

function encodeText(number: number, value: string): Uint8Array {
  return encodeBytesField(number, ENCODER.encode(value));
}

/** That a model uses operators of a domain, as a field of the model. */
export function encodeOperatorSet(domain: string, version: number): Uint8Array {
  return encodeBytesField(MODEL_OPERATOR_SET, concatBytes([encodeText(1, domain), encodeVarintField(2, version)]));
}

/** Name of a tensor. */
export function nameOf(tensor: Uint8Array): string {
  for (const { number, payload } of readFields(tensor)) if (number === TENSOR_NAME) return DECODER.decode(payload);
  return '';
}

/** @throws RangeError for anything but floats in raw form */
export function readTensor(tensor: Uint8Array): Tensor {
  const dims: number[] = [];
  let raw = new Uint8Array();
  let type = 0;
  for (const { number, payload, varint } of readFields(tensor)) {
    if (number === TENSOR_DIMS) dims.push(varint);
    if (number === TENSOR_DATA_TYPE) type = varint;
    if (number === TENSOR_RAW_DATA) raw = Uint8Array.from(payload);
  }
  if (type !== FLOAT || raw.length === 0) throw new RangeError('a layer has weights of an unknown form');
  return { dims, values: new Float32Array(raw.buffer) };
}

/** Weights, as a field of the graph. */
export function encodeTensor(name: string, type: number, dims: readonly number[], data: ArrayBufferView): Uint8Array {
  return encodeBytesField(
    GRAPH_INITIALIZER,
    concatBytes([
      ...dims.map((size) => encodeVarintField(TENSOR_DIMS, size)),
      encodeVarintField(TENSOR_DATA_TYPE, type),
      encodeText(TENSOR_NAME, name),
      encodeBytesField(TENSOR_RAW_DATA, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    ]),
  );
}
