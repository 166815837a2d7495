import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { Authenticator, requireScope } from '../../../src/api/access/authentication.ts';
import { RateLimit } from '../../../src/api/access/rate-limit.ts';
import { renderErrors } from '../../../src/api/http/errors.ts';
import { identifyRequest } from '../../../src/api/http/request-id.ts';
import { readConfig } from '../../../src/config.ts';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import type { Database } from '../../../src/storage/database.ts';
import { bearer, errorOf, jsonOf } from '../../support/api.ts';

const KEY = 'limited-key-0000';
const OTHER = 'another-key-0000';
const PER_MINUTE = 4;

describe('a key with a limit', () => {
  it('gets 429 with Retry-After above it, while other keys go on', async () => {
    const config = readConfig({ API_KEYS: `${KEY}:extract,${OTHER}:extract`, RATE_LIMIT_PER_MINUTE: `${PER_MINUTE}` });
    // Keys of the environment are found before the database is asked.
    const authenticator = new Authenticator(config, {} as Database);
    const app = express();
    app.use(identifyRequest(new Keyring([{ id: 'k', secret: randomBytes(32) }])));
    app.get('/', requireScope(authenticator, 'extract'), (_request, response) => void response.json({}));
    app.use(renderErrors(createLogger({ level: 'silent', component: 'test' })));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = (key: string) => fetch(`http://127.0.0.1:${port}/`, bearer(key));
    try {
      for (let request = 0; request < PER_MINUTE; request++) expect((await ask(KEY)).status).toBe(200);
      const refused = await ask(KEY);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(await jsonOf(refused.clone())).toMatchObject({ error: { type: 'rate_limit_error' } });
      expect(await errorOf(refused)).toEqual({ status: 429, code: 'rate_limited', param: null });
      expect((await ask(OTHER)).status).toBe(200);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('has none by default, however much it asks', async () => {
    const limit = new RateLimit(readConfig({}).RATE_LIMIT_PER_MINUTE);
    for (let request = 0; request < 10_000; request++) await limit.take({ actor: 'key_1' });
  });
});
