import { defineConfig } from 'vitest/config';

/** `npm run soak`: what takes minutes. One file after another, since each measures a whole platform. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/support/assets.ts', 'test/support/shared-folder.ts'],
    testTimeout: 60 * 60_000,
    hookTimeout: 5 * 60_000,
    maxWorkers: 1,
    fileParallelism: false,
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
  },
});
