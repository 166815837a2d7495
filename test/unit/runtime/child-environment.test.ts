import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../../src/runtime/processes/child-environment.ts';

const environment = {
  DATABASE_URL: 'postgresql://u:p@localhost/db',
  API_KEYS: 'secret-key:extract',
  WEBHOOK_SECRET: 'whsec_x',
  PGPASSWORD: 'p',
  VLM_API_KEY: 'engine',
  ROLES: 'api,worker,inference',
};

const GIGABYTE = 1024 ** 3;
/** The heap of a machine with 2 GB. */
const SMALL = GIGABYTE;

describe('the environment of a child', () => {
  it('gives the inference process neither database credentials nor the keys of our callers', () => {
    const seen = childEnvironment(environment, ['inference'], { TEMPORAL_ADDRESS: '127.0.0.1:1' }, SMALL);
    expect(seen).toEqual({
      VLM_API_KEY: 'engine',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ROLES: 'inference',
      MALLOC_ARENA_MAX: '2',
    });
  });

  it('gives the API process what it needs, under its own roles', () => {
    expect(childEnvironment(environment, ['api', 'worker'], {}, SMALL)).toEqual({
      ...environment,
      ROLES: 'api,worker',
      MALLOC_ARENA_MAX: '2',
    });
  });

  it('bounds the heap where V8 would let it grow to four times of what lives in it, unless somebody has said how far', () => {
    const optionsOf = (given: NodeJS.ProcessEnv, limit: number) =>
      childEnvironment(given, ['api', 'worker'], {}, limit).NODE_OPTIONS;
    expect(optionsOf({}, SMALL)).toBeUndefined();
    expect(optionsOf({}, 4 * GIGABYTE)).toBe('--max-old-space-size=2000');
    expect(optionsOf({ NODE_OPTIONS: '--enable-source-maps' }, 4 * GIGABYTE)).toBe(
      '--enable-source-maps --max-old-space-size=2000',
    );
    for (const own of [
      '--max-old-space-size=6000',
      '--max_old_space_size=6000',
      '--max-old-space-size-percentage=50',
    ]) {
      expect(optionsOf({ NODE_OPTIONS: own }, 6 * GIGABYTE)).toBe(own);
    }
  });
});
