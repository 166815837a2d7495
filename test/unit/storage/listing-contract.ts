import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Keyring } from '../../../src/encryption/keyring.ts';
import type { BlobStore } from '../../../src/storage/blobs.ts';

/** What the removal of blobs that no row names expects of every store's list: tests of the block that calls it. */
export function keepsListingContract(blobs: () => BlobStore, keyring: Keyring): void {
  const write = () => blobs().write(Readable.from(['x']), keyring.createDataKey());
  const listed = async (time: number, after?: string) => {
    const found: string[] = [];
    for await (const blob of blobs().listOlderThan(new Date(time), after)) found.push(blob);
    return found;
  };

  it('lists what is older than a time, for the removal of what no row names', async () => {
    const { blob } = await write();
    expect(await listed(Date.now() - 60_000)).toEqual([]);
    expect(await listed(Date.now() + 60_000)).toEqual([blob]);
  });

  it('lists in order, and goes on behind any reference: an hour-long sweep does not begin anew', async () => {
    for (let made = 0; made < 6; made++) await write();
    const all = await listed(Date.now() + 60_000);
    expect(all).toEqual(all.toSorted());
    expect(all).toHaveLength(6);
    await blobs().delete(all[2] ?? '');
    expect(await listed(Date.now() + 60_000, all[2])).toEqual(all.slice(3));
  });
}
