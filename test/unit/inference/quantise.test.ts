import fc from 'fast-check';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { concatBytes, encodeBytesField, encodeVarintField } from '../../../src/inference/ppocr/protobuf.ts';
import { quantiseLayers } from '../../../src/inference/ppocr/quantise.ts';
import { createSession, runSession } from '../../../src/inference/ppocr/session.ts';

const OUTPUTS = 3;
const INPUTS = 4;
const PIXELS = 8;
const text = (number: number, value: string) => encodeBytesField(number, new TextEncoder().encode(value));

function node(operator: string, inputs: readonly string[], output: string): Uint8Array {
  return encodeBytesField(1, concatBytes([...inputs.map((name) => text(1, name)), text(2, output), text(4, operator)]));
}

function tensor(name: string, dims: readonly number[], values: readonly number[]): Uint8Array {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  const sizes = dims.map((size) => encodeVarintField(1, size));
  return encodeBytesField(
    5,
    concatBytes([...sizes, encodeVarintField(2, 1), text(8, name), encodeBytesField(9, data)]),
  );
}

/** A value of floats, of any shape. */
const value = (field: number, name: string) =>
  encodeBytesField(
    field,
    concatBytes([text(1, name), encodeBytesField(2, encodeBytesField(1, encodeVarintField(1, 1)))]),
  );

/** y = w x + b for each pixel. */
function model(weights: readonly number[], bias: readonly number[]): Uint8Array {
  const graph = concatBytes([
    node('Conv', ['x', 'w'], 'p'),
    node('Add', ['p', 'b'], 'y'),
    text(2, 'layer'),
    tensor('w', [OUTPUTS, INPUTS, 1, 1], weights),
    tensor('b', [1, OUTPUTS, 1, 1], bias),
    value(11, 'x'),
    value(12, 'y'),
  ]);
  const operators = encodeBytesField(8, concatBytes([text(1, ''), encodeVarintField(2, 11)]));
  return concatBytes([encodeVarintField(1, 6), encodeBytesField(7, graph), operators]);
}

async function answer(bytes: Uint8Array, values: readonly number[]): Promise<Float32Array> {
  const session: InferenceSession = await createSession(bytes, 1);
  const input = new Tensor('float32', Float32Array.from(values), [1, INPUTS, 1, PIXELS]);
  const { data } = await runSession(session, input);
  await session.release();
  return data;
}

describe('a layer computed in bytes', () => {
  const floats = (count: number) =>
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count });

  it('answers what the layer of floats does, but for the steps between bytes', async () => {
    await fc.assert(
      fc.asyncProperty(floats(OUTPUTS * INPUTS), floats(OUTPUTS), floats(INPUTS * PIXELS), async (w, b, x) => {
        const whole = model(w, b);
        const most = INPUTS + 1;
        const bytes = quantiseLayers(whole, [{ weights: 'w', input: [-1, 1], output: [-most, most] }]);
        const [expected, seen] = [await answer(whole, x), await answer(bytes, x)];
        // Half a step of the output, of each input and of each weight.
        const tolerance = most / 255 + INPUTS * (1 / 255 + 1 / 254) + 0.01;
        for (const [at, level] of seen.entries()) expect(Math.abs(level - (expected[at] ?? 9))).toBeLessThan(tolerance);
      }),
      { numRuns: 10 },
    );
  });

  it('adds up the greatest weights and values without cutting a sum off, on processors that add pairs in 16 bits', async () => {
    for (const sign of [1, -1]) {
      const whole = model(Array(OUTPUTS * INPUTS).fill(sign), Array(OUTPUTS).fill(0));
      const bytes = quantiseLayers(whole, [{ weights: 'w', input: [0, 1], output: [-INPUTS, INPUTS] }]);
      const seen = await answer(bytes, Array(INPUTS * PIXELS).fill(1));
      for (const level of seen) expect(level).toBeCloseTo(sign * INPUTS, 1);
    }
  });

  it('is refused where the model has none of that name', () => {
    const whole = model(Array(OUTPUTS * INPUTS).fill(1), Array(OUTPUTS).fill(0));
    expect(() => quantiseLayers(whole, [{ weights: 'v', input: [-1, 1], output: [-1, 1] }])).toThrow(RangeError);
  });
});
