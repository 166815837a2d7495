import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:slow`: whole platforms that wait for time-outs, processes and faults on the way to Temporal. Minutes
 * that the inner loop cannot spare; run before a change to starting, storing, the command line or documents lands.
 */
export default defineConfig({
  // What examples import by the name that it is installed by.
  resolve: { alias: { 'ktpflow-client': fileURLToPath(new URL('clients/typescript/src/index.ts', import.meta.url)) } },
  test: {
    include: ['test/slow/**/*.test.ts'],
    globalSetup: ['test/support/assets.ts', 'test/support/workflow-bundle.ts', 'test/support/shared-folder.ts'],
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
  },
});
