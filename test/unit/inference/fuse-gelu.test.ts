import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { fuseGelu } from '../../../src/inference/ppocr/fuse-gelu.ts';
import { nodesOf } from '../../../src/inference/ppocr/onnx-messages.ts';
import { concatBytes, encodeBytesField, encodeVarintField, readFields } from '../../../src/inference/ppocr/protobuf.ts';
import { createSession, runSession } from '../../../src/inference/ppocr/session.ts';

const text = (number: number, value: string) => encodeBytesField(number, new TextEncoder().encode(value));

function node(operator: string, inputs: readonly string[], output: string): Uint8Array {
  return encodeBytesField(1, concatBytes([...inputs.map((name) => text(1, name)), text(2, output), text(4, operator)]));
}

function constant(name: string, level: number): Uint8Array {
  const data = new Uint8Array(Float32Array.of(level).buffer);
  return encodeBytesField(5, concatBytes([encodeVarintField(2, 1), text(8, name), encodeBytesField(9, data)]));
}

const value = (field: number, name: string) =>
  encodeBytesField(
    field,
    concatBytes([text(1, name), encodeBytesField(2, encodeBytesField(1, encodeVarintField(1, 1)))]),
  );

/** Gelu as PP-OCR's models spell it; what goes in comes out of another step, and what comes out goes into one. */
const model = concatBytes([
  encodeVarintField(1, 6),
  encodeBytesField(
    7,
    concatBytes([
      node('Neg', ['x'], 'n'),
      node('Div', ['n', 'root'], 'd'),
      node('Erf', ['d'], 'e'),
      node('Add', ['e', 'one'], 's'),
      node('Mul', ['n', 's'], 'p'),
      node('Mul', ['p', 'half'], 'g'),
      node('Neg', ['g'], 'y'),
      text(2, 'gelu'),
      constant('root', Math.SQRT2),
      constant('one', 1),
      constant('half', 0.5),
      value(11, 'x'),
      value(12, 'y'),
    ]),
  ),
  encodeBytesField(8, concatBytes([text(1, ''), encodeVarintField(2, 11)])),
]);

async function answer(bytes: Uint8Array, values: Float32Array): Promise<Float32Array> {
  const session = await createSession(bytes, 1);
  const { data } = await runSession(session, new Tensor('float32', values, [values.length]));
  await session.release();
  return data;
}

describe('Gelu as one operator', () => {
  it('answers what its five steps do', async () => {
    const values = Float32Array.from({ length: 401 }, (_, step) => (step - 200) / 40);
    const [steps, one] = [await answer(model, values), await answer(fuseGelu(model), values)];
    for (const [at, level] of one.entries()) expect(level).toBeCloseTo(steps[at] ?? Number.NaN, 6);
  });

  it('stands for all of them: a step that is left would take its pass over the values for nothing', () => {
    const graph = [...readFields(fuseGelu(model))].find(({ number }) => number === 7)?.payload ?? new Uint8Array();
    expect(nodesOf(graph).map(({ operator }) => operator)).toEqual(['Neg', 'Gelu', 'Neg']);
  });

  it('is left alone where a step means something else', () => {
    const other = concatBytes([
      encodeBytesField(7, concatBytes([node('Erf', ['x'], 'e'), node('Add', ['e', 'x'], 'y')])),
    ]);
    const [graph] = [...readFields(fuseGelu(other))];
    expect(nodesOf(graph?.payload ?? new Uint8Array()).map(({ operator }) => operator)).toEqual(['Erf', 'Add']);
  });
});
