import { editGraph, encodeNode, encodeOperatorSet, GRAPH_NODE, type Node, nodesOf, readNode } from './onnx-messages.ts';
import { concatBytes, editMessage } from './protobuf.ts';

/** Operators of onnxruntime's own. */
const CONTRIBUTED = 'com.microsoft';

/**
 * Rewrites every x / a * (1 + erf) * b of an ONNX model, the way in which it spells Gelu, to the one operator for it.
 * onnxruntime does so by itself, but not behind layers in bytes: there each of the five steps took a pass over the values.
 */
export function fuseGelu(model: Uint8Array): Uint8Array {
  return concatBytes([editGraph(model, fuseInGraph), encodeOperatorSet(CONTRIBUTED, 1)]);
}

function fuseInGraph(graph: Uint8Array): Uint8Array {
  const nodes = nodesOf(graph);
  /** New nodes by the output that they answer, and outputs of nodes that go. */
  const fused = new Map<string, Uint8Array>();
  const dropped = new Set<string>();
  for (const erf of nodes.filter(({ operator }) => operator === 'Erf')) {
    const steps = stepsAround(nodes, erf);
    if (!steps) continue;
    for (const output of steps.inner) dropped.add(output);
    fused.set(steps.output, encodeNode('Gelu', [steps.input], steps.output, { domain: CONTRIBUTED }));
  }
  return editMessage(graph, ({ number, payload }) => {
    const output = number === GRAPH_NODE ? (readNode(payload).outputs[0] ?? '') : '';
    return dropped.has(output) ? null : fused.get(output);
  });
}

/** What goes into and comes out of the Gelu around its Erf, and what its steps answer on the way. */
function stepsAround(nodes: readonly Node[], erf: Node): { input: string; inner: string[]; output: string } | null {
  const userOf = (value: string | undefined, operator: string): Node | undefined =>
    nodes.find((node) => node.operator === operator && value !== undefined && node.inputs.includes(value));
  const division = nodes.find(({ operator, outputs }) => operator === 'Div' && outputs[0] === erf.inputs[0]);
  const input = division?.inputs[0];
  const sum = userOf(erf.outputs[0], 'Add');
  const product = userOf(sum?.outputs[0], 'Mul');
  const half = userOf(product?.outputs[0], 'Mul');
  const output = half?.outputs[0];
  if (input === undefined || output === undefined || !product?.inputs.includes(input)) return null;
  const inner = [division, erf, sum, product].flatMap((node) => node?.outputs ?? []);
  return { input, inner, output };
}
