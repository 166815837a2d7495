import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogFields } from '../../../src/observability/log-fields.ts';
import { createLogger } from '../../../src/observability/logger.ts';

const NIK = '3171234567890000';

function capture() {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    component: 'test',
    destination: { write: (line) => lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('logger', () => {
  it('writes one line of JSON with the fields that have their form', () => {
    const { logger, last } = capture();
    logger.info('request.finished', { method: 'GET', route: '/v1/ktp/extractions/:id', status: 200, durationMs: 12.5 });
    expect(last()).toMatchObject({
      level: 'info',
      event: 'request.finished',
      service: 'test',
      method: 'GET',
      route: '/v1/ktp/extractions/:id',
      status: 200,
      durationMs: 12.5,
    });
  });

  it('lets no NIK through, whatever field, error or event it stands in', () => {
    const { logger, lines } = capture();
    const error = Object.assign(new TypeError(`row of ${NIK} is bad\n    at ${NIK} (nowhere)`), { code: NIK });
    error.cause = new Error(`caused by ${NIK}`);
    logger.error(`read ${NIK}`, { error });
    for (const field of ['method', 'route', 'code', 'component', 'signal', 'version', 'requestId', 'nama'] as const) {
      logger.info('probe', { [field]: NIK });
      logger.info('probe', { [field]: `/x/${NIK}` });
    }
    expect(lines.join('')).not.toContain(NIK);
    expect(lines[0]).toContain('"name":"TypeError"');
    expect(lines[0]).toContain('"event":"event.unnamed"');
  });

  it('keeps the frames of an error and drops its message', () => {
    const { logger, last } = capture();
    logger.error('request.failed', { error: new Error('secret words') });
    expect(JSON.stringify(last())).not.toContain('secret words');
    expect(last().error.stack.length).toBeGreaterThan(0);
  });

  it('drops what is not a known field, for any value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (secret) => {
        const { logger, last } = capture();
        logger.info('probe', { name: secret, url: secret, message: secret } as LogFields);
        expect(Object.keys(last()).sort()).toEqual(['event', 'level', 'pid', 'service', 'time']);
      }),
    );
  });
});
