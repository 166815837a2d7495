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

describe('the environment of a child', () => {
  it('gives the inference process neither database credentials nor the keys of our callers', () => {
    const seen = childEnvironment(environment, ['inference'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(seen).toEqual({
      VLM_API_KEY: 'engine',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ROLES: 'inference',
      MALLOC_ARENA_MAX: '2',
    });
  });

  it('gives the API process what it needs, under its own roles', () => {
    expect(childEnvironment(environment, ['api', 'worker'], {})).toEqual({
      ...environment,
      ROLES: 'api,worker',
      MALLOC_ARENA_MAX: '2',
    });
  });
});
