import {
  editGraph,
  encodeNode,
  encodeTensor,
  FLOAT,
  GRAPH_INITIALIZER,
  GRAPH_NODE,
  type Node,
  nameOf,
  nodesOf,
  type Replacement,
  readNode,
  readTensor,
  type Tensor,
  withEnds,
} from './onnx-messages.ts';
import { concatBytes, editMessage } from './protobuf.ts';
import { resized } from './resized.ts';

/**
 * The layer of a model that has these weights sees two values beside each other: conv(a beside b) becomes conv(a) + conv(b),
 * and nothing is copied to stand beside another. Its weights have to go through encodeHalves.
 * @throws RangeError where the layer sees no two values
 */
export function separateHalves(nodes: readonly Node[], weights: string): Replacement[] {
  const convolution = nodes.find(({ inputs }) => inputs[1] === weights);
  const [product = ''] = convolution?.outputs ?? [];
  const addition = nodes.find(({ operator, inputs }) => operator === 'Add' && inputs[0] === product);
  const [sum = ''] = addition?.outputs ?? [];
  const [, bias = ''] = addition?.inputs ?? [];
  const between: string[] = [];
  let source = convolution?.inputs[0];
  let joined: Node | undefined;
  do {
    joined = nodes.find(({ outputs }) => outputs[0] === source);
    between.push(source ?? '');
    source = joined?.inputs[0];
  } while (joined?.operator === 'Identity');
  const [left, right] = joined?.inputs ?? [];
  if (joined?.operator !== 'Concat' || left === undefined || right === undefined) {
    throw new RangeError('the model joins no two values');
  }
  return [
    ...between.map((output): Replacement => [output, () => null]),
    [
      product,
      (node) =>
        concatBytes([
          withEnds(node, [left, half(weights, 0)], half(product, 0)),
          withEnds(node, [right, half(weights, 1)], half(product, 1)),
        ]),
    ],
    [
      sum,
      () =>
        concatBytes([
          encodeNode('Add', [half(product, 1), bias], half(sum, 1)),
          encodeNode('Add', [half(sum, 1), half(product, 0)], sum),
        ]),
    ],
  ];
}

/** The weights of such a layer, those of each half by themselves, with noughts for as many channels as the value has. */
export function encodeHalves(name: string, { dims, values }: Tensor, channels: number): Uint8Array {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = dims;
  const whole: Tensor = { dims: [outputs * 2, inputs / 2, height, width], values };
  // [outputs, 2, half] is [outputs x 2, half]: every second one is of the same half.
  const padded = resized(whole, [outputs * 2, channels, height, width]);
  const size = channels * height * width;
  return concatBytes(
    [0, 1].map((which) => {
      const own = new Float32Array(outputs * size);
      for (let output = 0; output < outputs; output++) {
        const from = (2 * output + which) * size;
        own.set(padded.values.subarray(from, from + size), output * size);
      }
      return encodeTensor(half(name, which), FLOAT, [outputs, channels, height, width], own);
    }),
  );
}

function half(name: string, which: number): string {
  return `${name}/${which}`;
}

/** A whole model with such a layer rewritten; its values have half of the weights' channels each. */
export function withSeparateHalves(model: Uint8Array, weights: string): Uint8Array {
  return editGraph(model, (graph) => {
    const replaced = new Map(separateHalves(nodesOf(graph), weights));
    return editMessage(graph, ({ number, payload }) => {
      if (number === GRAPH_NODE) return replaced.get(readNode(payload).outputs[0] ?? '')?.(payload);
      if (number !== GRAPH_INITIALIZER || nameOf(payload) !== weights) return undefined;
      const tensor = readTensor(payload);
      return encodeHalves(weights, tensor, (tensor.dims[1] ?? 0) / 2);
    });
  });
}
