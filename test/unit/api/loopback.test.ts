import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackHost } from '../../../src/api/http/loopback.ts';

describe('loopback', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });
  it.each(['128.0.0.1', '0.0.0.0', '::', '::ffff:10.0.0.1', 'localhost', '', undefined])('%s is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });
  it.each(['localhost', 'LOCALHOST:3000', 'api.localhost', '127.0.0.1:80', '[::1]:3000', '::1'])(
    'host %s is',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );
  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '0.0.0.0', '[::]:80', undefined])(
    'host %s is not, as a rebound name would claim',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );
});
