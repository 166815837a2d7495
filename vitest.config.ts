import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run soak`: what takes minutes.
    exclude: ['test/soak/**'],
    globalSetup: ['test/support/assets.ts', 'test/support/workflow-bundle.ts'],
    // Servers and models are started once a file; a slow machine may take its time over the first of them.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more files at once would only measure each other.
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
  },
});
