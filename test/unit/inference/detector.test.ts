import { readFile } from 'node:fs/promises';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { prepareDetectionModel } from '../../../src/inference/ppocr/detection-model.ts';
import { createDetector } from '../../../src/inference/ppocr/detector.ts';
import { createSession, runSession } from '../../../src/inference/ppocr/session.ts';
import { MODEL_PATHS } from './models.ts';

const ALONE = { shared: 1, all: 1, isAlone: () => true };

describe('the detector', () => {
  it('answers the same of windows whose memory it keeps and of larger ones, which have a session of their own', async () => {
    const detector = await createDetector(MODEL_PATHS.detectionModelPath, ALONE);
    const plain = await createSession(prepareDetectionModel(await readFile(MODEL_PATHS.detectionModelPath)), 1);
    for (const [width, height] of [
      [160, 96],
      [768, 736],
      [96, 160],
    ] as const) {
      const pixels = Float32Array.from({ length: 3 * width * height }, (_, at) => Math.sin(at / 7));
      const answer = await detector.run(pixels, width, height);
      const { data } = await runSession(plain, new Tensor('float32', pixels, [1, 3, height, width]));
      expect(answer).toHaveLength(width * height);
      expect(Buffer.from(answer.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    }
    await Promise.all([detector.release(), plain.release()]);
  });
  it('answers the same on all cores, where nobody else needs them, and on its share of them', async () => {
    let isAlone = true;
    const detector = await createDetector(MODEL_PATHS.detectionModelPath, {
      shared: 1,
      all: 2,
      isAlone: () => isAlone,
    });
    for (const [width, height] of [
      [736, 480],
      [768, 736],
    ] as const) {
      const pixels = Float32Array.from({ length: 3 * width * height }, (_, at) => Math.sin(at / 7));
      isAlone = true;
      const onAll = Buffer.from((await detector.run(pixels, width, height)).buffer);
      isAlone = false;
      expect(onAll.equals(Buffer.from((await detector.run(pixels, width, height)).buffer))).toBe(true);
    }
    await detector.release();
  });
});
