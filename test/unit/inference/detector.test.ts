import { readFile } from 'node:fs/promises';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { prepareDetectionModel } from '../../../src/inference/ppocr/detection-model.ts';
import { createDetector } from '../../../src/inference/ppocr/detector.ts';
import { createSession, runSession } from '../../../src/inference/ppocr/session.ts';
import { MODEL_PATHS } from './models.ts';

describe('the detector', () => {
  it('answers the same of windows whose memory it keeps and of larger ones, which have a session of their own', async () => {
    const detector = await createDetector(MODEL_PATHS.detectionModelPath, 1);
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
});
