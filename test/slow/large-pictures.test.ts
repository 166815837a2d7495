import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const BENCH = fileURLToPath(new URL('../../bench/accuracy/large-pictures.ts', import.meta.url));

/** In a process of its own: what a picture cost is its peak. Processor time, since others may use the machine. */
describe('a large picture', () => {
  it.skipIf(process.platform !== 'linux')(
    'of 108 megapixels, a panorama, a selfie: read with bounded time and memory',
    async () => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', import.meta.resolve('tsx'), BENCH]);
      const measured = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; right: number; processorSeconds: number; moreMb: number });
      expect(measured).toHaveLength(4);
      for (const picture of measured) {
        expect(picture.right, picture.name).toBeGreaterThanOrEqual(19);
        expect(picture.processorSeconds, picture.name).toBeLessThan(6);
        expect(picture.moreMb, picture.name).toBeLessThan(400);
      }
    },
  );
});
