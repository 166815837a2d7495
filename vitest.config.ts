import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:slow` and `npm run soak`: what takes minutes.
    exclude: ['test/slow/**', 'test/soak/**'],
    globalSetup: ['test/support/assets.ts', 'test/support/workflow-bundle.ts'],
    // Servers and models are started once a file; a slow machine may take its time over the first of them.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // CI shares its two cores with strangers: what fails there twice fails. At home nothing is tried again.
    retry: process.env.CI ? 1 : 0,
    // Half of the time a test waits (heartbeats, back-offs, processes that start): a third file uses two cores' rest.
    maxWorkers: 3,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
  },
});
