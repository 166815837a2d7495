import {
  encodeNode,
  encodeTensor,
  FLOAT,
  type Node,
  type Replacement,
  type Tensor,
  withEnds,
} from './onnx-messages.ts';
import { concatBytes } from './protobuf.ts';

/** Weights of the detector's layer over four joined values, [outputs, 4 x CHANNELS, 3, 3]. */
export const OVER_FOUR = 'conv2d_170.w_0';
const CHANNELS = 24;
/** The four quarters of a square of 2 x 2 pixels: row and column. */
const QUARTERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** Names of the tensors that the new nodes need. */
const SCALES = (times: number): string => `${OVER_FOUR}/times ${times}`;
const QUARTER = (y: number, x: number): string => `${OVER_FOUR}/${y}${x}`;
const OWN = `${OVER_FOUR}/own`;

/**
 * Of the four values that this layer joins, three were blown up to 2, 4 and 8 times their sides before: of the nine pixels
 * that it sees of them at most four differ. They are joined at half the size, go through a layer of 2 x 2 pixels for each
 * quarter of a square, and their sum is added to that of the fourth value.
 * @throws RangeError where the model joins no such values
 */
export function joinAtHalf(nodes: readonly Node[]): Replacement[] {
  const producer = (value: string | undefined): Node | undefined => {
    let node = nodes.find(({ outputs }) => outputs[0] === value);
    while (node?.operator === 'Identity') {
      const [source] = node.inputs;
      node = nodes.find(({ outputs }) => outputs[0] === source);
    }
    return node;
  };
  const layer = nodes.find(({ inputs }) => inputs[1] === OVER_FOUR);
  const [product = ''] = layer?.outputs ?? [];
  const addition = nodes.find(({ operator, inputs }) => operator === 'Add' && inputs[0] === product);
  const join = producer(layer?.inputs[0]);
  const [eightfold, fourfold, twofold] = (join?.inputs ?? []).slice(0, 3).map(producer);
  const [joined = ''] = layer?.inputs ?? [];
  const [own = ''] = join?.inputs.slice(3) ?? [];
  const [sum = ''] = addition?.outputs ?? [];
  const [, bias = ''] = addition?.inputs ?? [];
  if (join?.operator !== 'Concat' || !eightfold || !fourfold || !twofold || own === '') {
    throw new RangeError('the detection model joins no four values');
  }
  const part = (name: string): string => `${product}/${name}`;
  const blownUp = (node: Node, times: number): Replacement => [
    node.outputs[0] ?? '',
    (message) => withEnds(message, [node.inputs[0] ?? '', node.inputs[1] ?? '', SCALES(times)], node.outputs[0] ?? ''),
  ];
  return [
    blownUp(eightfold, 4),
    blownUp(fourfold, 2),
    [twofold.outputs[0] ?? '', () => encodeNode('Identity', [twofold.inputs[0] ?? ''], twofold.outputs[0] ?? '')],
    [join.outputs[0] ?? '', (node) => withEnds(node, join.inputs.slice(0, 3), join.outputs[0] ?? '')],
    [
      product,
      () =>
        concatBytes([
          ...QUARTERS.map(([y, x]) =>
            // What of the square lies above or below, at the left or at the right of the pixel.
            encodeNode('Conv', [joined, QUARTER(y, x)], part(`${y}${x}`), { lists: { pads: [1 - y, 1 - x, y, x] } }),
          ),
          encodeNode(
            'Concat',
            QUARTERS.map(([y, x]) => part(`${y}${x}`)),
            part('quarters'),
            { integers: { axis: 1 } },
          ),
          encodeNode('DepthToSpace', [part('quarters')], part('squares'), { integers: { blocksize: 2 } }),
          encodeNode('Conv', [own, OWN], product, { lists: { pads: [1, 1, 1, 1] } }),
        ]),
    ],
    [
      sum,
      () =>
        concatBytes([
          encodeNode('Add', [product, bias], part('biased')),
          encodeNode('Add', [part('biased'), part('squares')], sum),
        ]),
    ],
  ];
}

/** The weights of that layer as the tensors that joinAtHalf needs. */
export function encodeForHalf({ dims, values }: Tensor): Uint8Array {
  const [outputs = 0, inputs = 0] = dims;
  const joined = inputs - CHANNELS;
  const at = (output: number, input: number, y: number, x: number): number =>
    values[((output * inputs + input) * 3 + y) * 3 + x] ?? 0;
  const quarters = QUARTERS.map(([y, x]) => {
    const own = new Float32Array(outputs * joined * 4);
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < joined; input++) {
        for (let row = 0; row < 3; row++) {
          for (let column = 0; column < 3; column++) {
            // Of three rows of pixels the middle one is of the same square as the one above or the one below.
            const place = ((output * joined + input) * 2 + ((row + 1 - y) >> 1)) * 2 + ((column + 1 - x) >> 1);
            own[place] = (own[place] as number) + at(output, input, row, column);
          }
        }
      }
    }
    return encodeTensor(QUARTER(y, x), FLOAT, [outputs, joined, 2, 2], own);
  });
  const own = new Float32Array(outputs * CHANNELS * 9);
  for (let output = 0; output < outputs; output++) {
    const from = (output * inputs + joined) * 9;
    own.set(values.subarray(from, from + CHANNELS * 9), output * CHANNELS * 9);
  }
  return concatBytes([
    ...quarters,
    encodeTensor(OWN, FLOAT, [outputs, CHANNELS, 3, 3], own),
    ...[2, 4].map((times) => encodeTensor(SCALES(times), FLOAT, [4], Float32Array.of(1, 1, times, times))),
  ]);
}
