import { defineConfig } from 'vitest/config';
import LongFirst from './test/support/long-first.ts';
import { startBuilt } from './test/support/start-built.ts';

const ASSETS = 'test/support/assets.ts';
const WORKFLOWS = 'test/support/workflow-bundle.ts';
const SHARED_FOLDER = 'test/support/shared-folder.ts';
const PUT_BACK = 'test/support/put-back.ts';
/** It sets the SDK of Temporal up in its own way, which a process does once. */
const ALONE = 'test/integration/workflow-task-failure.test.ts';

/** `npm test`. What takes minutes is in `npm run test:slow` and `npm run soak`. */
export default defineConfig({
  plugins: [startBuilt()],
  test: {
    // A slow or busy machine may take its time. Only what is about time has limits of its own.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // CI shares its two cores with strangers: what fails there twice fails. At home nothing is tried again.
    retry: process.env.CI ? 1 : 0,
    // Half of the time a test waits (heartbeats, back-offs, processes that start): four files share two cores.
    maxWorkers: 4,
    sequence: { sequencer: LongFirst },
    // WebAssembly (PGlite above all) is used for seconds: compiling it well takes longer than it saves.
    execArgv: ['--liftoff-only'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    // Loading our modules and their packages takes longer than most files' tests: files share the process, and put
    // back what they change. Those of e2e start processes of their own.
    projects: [
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], globalSetup: [ASSETS] } },
      { extends: true, test: { name: 'alone', include: [ALONE], globalSetup: [ASSETS, WORKFLOWS] } },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/integration/**/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: [ALONE],
          globalSetup: [ASSETS, WORKFLOWS, SHARED_FOLDER],
          isolate: false,
          setupFiles: [PUT_BACK],
        },
      },
    ],
  },
});
