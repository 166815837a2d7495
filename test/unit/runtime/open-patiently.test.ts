import { describe, expect, it } from 'vitest';
import { freePort } from '../../../src/runtime/processes/free-port.ts';
import { openPatiently } from '../../../src/runtime/roles/open-patiently.ts';
import { openDatabase } from '../../../src/storage/database.ts';

const silent = { warn: () => undefined };

describe('a role that starts before its database', () => {
  it('waits for it', async () => {
    const url = `postgresql://nobody@127.0.0.1:${await freePort('127.0.0.1')}/none`;
    let tries = 0;
    const opened = await openPatiently(async () => (++tries < 3 ? openDatabase({ url }) : 'open'), silent);
    expect([opened, tries]).toEqual(['open', 3]);
  });

  it('does not wait for ever, and not at all where waiting does not help', async () => {
    const url = `postgresql://nobody@127.0.0.1:${await freePort('127.0.0.1')}/none`;
    await expect(openPatiently(() => openDatabase({ url }), silent, 300)).rejects.toThrow();
    let tries = 0;
    const broken = async () => {
      tries++;
      throw new Error('migration x was changed after it had been applied to this database');
    };
    await expect(openPatiently(broken, silent)).rejects.toThrow('was changed');
    expect(tries).toBe(1);
  });
});
