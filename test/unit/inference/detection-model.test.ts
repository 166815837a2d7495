import { readFile } from 'node:fs/promises';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { prepareDetectionModel } from '../../../src/inference/ppocr/detection-model.ts';
import { MODEL_GRAPH, nodesOf } from '../../../src/inference/ppocr/onnx-messages.ts';
import { readFields } from '../../../src/inference/ppocr/protobuf.ts';
import { createSession, runSession } from '../../../src/inference/ppocr/session.ts';
import { MODEL_PATHS } from './models.ts';

const SHAPE = [1, 3, 96, 160];

async function answer(model: Uint8Array, pixels: Float32Array): Promise<Float32Array> {
  const session = await createSession(model, 1);
  const { data, dims } = await runSession(session, new Tensor('float32', pixels, SHAPE));
  expect(dims).toEqual([1, 1, 96, 160]);
  await session.release();
  return data;
}

describe('the detector, rewritten', () => {
  it('answers what the original does: boxes must not move', async () => {
    const model = await readFile(MODEL_PATHS.detectionModelPath);
    // Stripes and squares, so that some of it is taken for text.
    const pixels = Float32Array.from({ length: 3 * 96 * 160 }, (_, at) => {
      const [x, y] = [at % 160, Math.floor(at / 160) % 96];
      return y > 30 && y < 60 && x > 20 && x < 140 && (x >> 2) % 3 > 0 ? -0.9 : Math.sin(at) / 8 + 0.7;
    });
    const [original, rewritten] = [await answer(model, pixels), await answer(prepareDetectionModel(model), pixels)];
    expect(Math.max(...original)).toBeGreaterThan(0.1);
    expect(Math.max(...rewritten.map((level, at) => Math.abs(level - (original[at] ?? 9))))).toBeLessThan(1e-5);
  });

  it('joins nothing at the full size and has no layer that doubles it: these were its slowest steps', async () => {
    const prepared = prepareDetectionModel(await readFile(MODEL_PATHS.detectionModelPath));
    const graph = [...readFields(prepared)].find(({ number }) => number === MODEL_GRAPH)?.payload ?? new Uint8Array();
    const operators = nodesOf(graph).map(({ operator }) => operator);
    expect(operators).not.toContain('ConvTranspose');
    // Three values at half the size, and the quarters of what is made of them.
    expect(operators.filter((operator) => operator === 'Concat')).toHaveLength(2);
    expect(operators.filter((operator) => operator === 'DepthToSpace')).toHaveLength(2);
  });

  it('weighs values that are added to themselves once: each pass over them costs as much as a small layer', async () => {
    const prepared = prepareDetectionModel(await readFile(MODEL_PATHS.detectionModelPath));
    const graph = [...readFields(prepared)].find(({ number }) => number === MODEL_GRAPH)?.payload ?? new Uint8Array();
    const nodes = nodesOf(graph);
    const weights = nodes.filter(({ operator }) => operator === 'HardSigmoid').map(({ outputs }) => outputs[0]);
    const raised = nodes.filter(({ inputs, operator }) => operator === 'Add' && weights.includes(inputs[0]));
    expect(weights).toHaveLength(13);
    expect(raised).toHaveLength(8);
  });

  it('is refused where it is another model', () => {
    expect(() => prepareDetectionModel(Uint8Array.of(0x3a, 0))).toThrow(RangeError);
  });
});
