import { afterAll, expect, vi } from 'vitest';

/**
 * Files that share a process (vitest.config.ts) leave it as they found it: a file that does not is named here, rather
 * than the innocent one that runs after it. A copy in the place of `process.env` is no environment any more: Node's own
 * functions (`os.tmpdir()`) do not see what is set in it.
 */
const environment = process.env;
/** What sharp and onnxruntime-node set when they are loaded. */
const SET_BY_LIBRARIES = { VIPSHOME: undefined, ORT_DISABLE_TELEMETRY: undefined };
const variables = () => ({ ...environment, ...SET_BY_LIBRARIES });
const before = variables();
const { fetch } = globalThis;

afterAll(() => {
  expect(process.env, 'process.env was replaced').toBe(environment);
  expect(variables(), 'an environment variable was not put back').toEqual(before);
  expect(globalThis.fetch, 'fetch was replaced').toBe(fetch);
  expect(vi.isFakeTimers(), 'the clock is still a false one').toBe(false);
});
