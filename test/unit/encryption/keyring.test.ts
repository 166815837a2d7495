import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Keyring, SealError, seal, sealJson, unseal, unsealJson } from '../../../src/encryption/keyring.ts';

const key = (id: string) => ({ id, secret: randomBytes(32) });

describe('Keyring', () => {
  it('still opens what an older key has sealed after a rotation', () => {
    const old = key('old');
    const sealed = new Keyring([old]).seal(Buffer.from('text'), 'context');
    const rotated = new Keyring([key('new'), old]);
    expect(Buffer.from(rotated.unseal(sealed, 'context')).toString()).toBe('text');
    expect(rotated.writingKeyId).toBe('new');
  });

  it('keeps workflow ids stable over a rotation', () => {
    const old = key('old');
    expect(new Keyring([key('new'), old]).hmac('session', 'a', 'b')).toBe(new Keyring([old]).hmac('session', 'a', 'b'));
  });

  it('does not mistake one tenant and session for another with the same letters', () => {
    const keyring = new Keyring([key('k')]);
    expect(keyring.hmac('session', 'ab', 'c')).not.toBe(keyring.hmac('session', 'a', 'bc'));
  });

  it('opens neither with another key, nor in another context, nor after a changed byte', () => {
    const secret = randomBytes(32);
    const sealed = seal(secret, Buffer.from('text'), 'result of 1');
    expect(() => unseal(randomBytes(32), sealed, 'result of 1')).toThrow(SealError);
    expect(() => unseal(secret, sealed, 'result of 2')).toThrow(SealError);
    const changed = Uint8Array.from(sealed, (byte, index) => (index === 14 ? byte ^ 1 : byte));
    expect(() => unseal(secret, changed, 'result of 1')).toThrow(SealError);
    expect(() => unseal(secret, sealed.subarray(0, 20), 'result of 1')).toThrow(SealError);
  });

  it('wraps a data key that only the master key opens', () => {
    const keyring = new Keyring([key('k')]);
    const { dataKey, wrappedKey } = keyring.createDataKey();
    expect(keyring.unwrapDataKey(wrappedKey)).toEqual(dataKey);
    expect(() => new Keyring([key('k')]).unwrapDataKey(wrappedKey)).toThrow(SealError);
    const sealed = sealJson(dataKey, { a: 1 }, 'x');
    expect(unsealJson(dataKey, sealed, 'x')).toEqual({ a: 1 });
  });
});
