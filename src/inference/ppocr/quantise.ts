import {
  editGraph,
  encodeNode,
  encodeTensor,
  FLOAT,
  GRAPH_INITIALIZER,
  GRAPH_NODE,
  INT8,
  INT32,
  MODEL_GRAPH,
  type Node,
  nameOf,
  nodesOf,
  readNode,
  readTensor,
  type Tensor,
  UINT8,
} from './onnx-messages.ts';
import { concatBytes, editMessage, readFields } from './protobuf.ts';

/** A convolution of single pixels, followed by the addition of its bias, that is to be computed in bytes. */
export interface QuantisedLayer {
  /** Name of its weights in the model: [outputs, inputs, 1, 1]. */
  readonly weights: string;
  /** Least and greatest value that goes in, and comes out with the bias: what lies beyond is clipped. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

/**
 * Rewrites layers of an ONNX model to bytes (QuantizeLinear, QLinearConv, DequantizeLinear): values by one scale each,
 * weights by one scale an output. The scales are fixed, so that what a layer answers for a line does not depend on others,
 * and such that no processor's way of adding products overflows.
 * @throws RangeError where the model has no such layer
 */
export function quantiseLayers(model: Uint8Array, layers: readonly QuantisedLayer[]): Uint8Array {
  return editGraph(model, (graph) => quantiseGraph(graph, layers));
}

function quantiseGraph(graph: Uint8Array, layers: readonly QuantisedLayer[]): Uint8Array {
  const nodes = nodesOf(graph);
  /** New nodes by the first output of those that they stand for, and the initializers that go. */
  const replacements = new Map<string, Uint8Array>();
  const dropped = new Set<string>();
  const parts = layers.map((layer) => {
    const { bias, input, output, product } = placeOf(nodes, layer.weights);
    dropped.add(layer.weights).add(bias);
    replacements.set(product, enteringNodes(layer.weights, input)).set(output, leavingNode(layer.weights, output));
    return { layer, bias };
  });
  const tensors = new Map<string, Tensor>();
  const edited = editMessage(graph, ({ number, payload }) => {
    if (number === GRAPH_NODE) return replacements.get(readNode(payload).outputs[0] ?? '');
    const name = number === GRAPH_INITIALIZER ? nameOf(payload) : '';
    if (!dropped.has(name)) return undefined;
    tensors.set(name, readTensor(payload));
    return null;
  });
  return concatBytes([
    edited,
    ...parts.flatMap(({ layer, bias }) => initializers(layer, tensors.get(layer.weights), tensors.get(bias))),
  ]);
}

/** Names of what goes into a layer of a model, and of what comes out of it with the bias. */
export function valuesOfLayer(model: Uint8Array, weights: string): { input: string; output: string } {
  for (const { number, payload } of readFields(model)) {
    if (number === MODEL_GRAPH) return placeOf(nodesOf(payload), weights);
  }
  throw new RangeError('the model has no graph');
}

/** Where a layer stands: what goes in, what the convolution alone and what the whole answers, and the bias. */
function placeOf(
  nodes: readonly Node[],
  weights: string,
): { input: string; product: string; bias: string; output: string } {
  const convolution = nodes.find(({ inputs }) => inputs[1] === weights);
  const product = convolution?.outputs[0];
  const addition = nodes.find(({ inputs }) => product !== undefined && inputs.includes(product));
  const bias = addition?.inputs.find((name) => name !== product);
  const [input, output] = [convolution?.inputs[0], addition?.outputs[0]];
  if (product === undefined || bias === undefined || input === undefined || output === undefined) {
    throw new RangeError(`the model has no layer ${weights}`);
  }
  return { input, product, bias, output };
}

/** Into bytes, and through the layer. */
function enteringNodes(name: string, input: string): Uint8Array {
  const own = (part: string): string => `${name}/${part}`;
  return concatBytes([
    encodeNode('QuantizeLinear', [input, own('xs'), own('xz')], own('x')),
    encodeNode(
      'QLinearConv',
      [own('x'), own('xs'), own('xz'), own('w'), own('ws'), own('wz'), own('ys'), own('yz'), own('b')],
      own('y'),
    ),
  ]);
}

function leavingNode(name: string, output: string): Uint8Array {
  return encodeNode('DequantizeLinear', [`${name}/y`, `${name}/ys`, `${name}/yz`], output);
}

function initializers(layer: QuantisedLayer, weights: Tensor | undefined, bias: Tensor | undefined): Uint8Array[] {
  const [outputs = 0, inputs = 0] = weights?.dims ?? [];
  if (!weights || !bias || outputs * inputs !== weights.values.length || bias.values.length !== outputs) {
    throw new RangeError(`the layer ${layer.weights} has an unknown form`);
  }
  const input = byteScale(layer.input);
  const output = byteScale(layer.output);
  const scales = new Float32Array(outputs);
  const bytes = new Int8Array(outputs * inputs);
  const offsets = new Int32Array(outputs);
  for (let row = 0; row < outputs; row++) {
    // Plain loops: a call or a pair for each of some millions of weights took a third of what loading the models takes.
    const [start, end] = [row * inputs, (row + 1) * inputs];
    const offset = bias.values[row] ?? 0;
    let most = LEAST_WEIGHT;
    for (let at = start; at < end; at++) most = Math.max(most, Math.abs(weights.values[at] ?? 0));
    // Of weights next to nought the bias is too many steps for 32 bits.
    const scale = Math.max(
      most / 127,
      mostOfPair(weights.values, start, end) / MOST_PAIR,
      Math.abs(offset) / (input.scale * MOST_STEPS),
    );
    scales[row] = scale;
    for (let at = start; at < end; at++) bytes[at] = Math.round((weights.values[at] ?? 0) / scale);
    offsets[row] = Math.round(offset / (scale * input.scale));
  }
  const tensor = (part: string, type: number, dims: readonly number[], data: ArrayBufferView): Uint8Array =>
    encodeTensor(`${layer.weights}/${part}`, type, dims, data);
  return [
    tensor('xs', FLOAT, [], Float32Array.of(input.scale)),
    tensor('xz', UINT8, [], Uint8Array.of(input.zero)),
    tensor('w', INT8, weights.dims, bytes),
    tensor('ws', FLOAT, [outputs], scales),
    tensor('wz', INT8, [outputs], new Int8Array(outputs)),
    tensor('ys', FLOAT, [], Float32Array.of(output.scale)),
    tensor('yz', UINT8, [], Uint8Array.of(output.zero)),
    tensor('b', INT32, [outputs], offsets),
  ];
}

/** Weights that are all nought need a scale nevertheless. */
const LEAST_WEIGHT = 1e-6;
/** Room is left for the sum of the products. */
const MOST_STEPS = 2 ** 30;

/**
 * x86 without VNNI multiplies a byte of 0 to 255 by one of -127 to 127 and adds each product to its neighbour's in 16 bits
 * (PMADDUBSW), where more than this would be cut off: 255 x 128 is less than 2^15, and rounding may add a half to both.
 */
const MOST_PAIR = 127;

/** The most that two neighbours of an output, which are multiplied and added together, weigh on one side of nought. */
function mostOfPair(weights: Float32Array, start: number, end: number): number {
  let most = 0;
  for (let first = start; first < end; first += 2) {
    const p = weights[first] ?? 0;
    const q = first + 1 < end ? (weights[first + 1] ?? 0) : 0;
    most = Math.max(most, Math.max(0, p) + Math.max(0, q), -Math.min(0, p) - Math.min(0, q));
  }
  return most;
}

/** What a step between two bytes is worth, and the byte that stands for nought. */
function byteScale([least, most]: readonly [number, number]): { scale: number; zero: number } {
  const scale = Math.fround((Math.max(0, most) - Math.min(0, least)) / 255);
  return { scale, zero: Math.round(-Math.min(0, least) / scale) };
}
