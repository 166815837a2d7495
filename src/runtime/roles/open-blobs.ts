import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import type { BlobStore } from '../../storage/blobs.ts';
import { FileBlobStore } from '../../storage/file-blobs.ts';

/** The blob store that BLOB_URL names; without one, the folder in the home. */
export async function openBlobs(config: Config, keyring: Keyring): Promise<BlobStore> {
  if (config.BLOB_URL?.startsWith('s3:')) {
    // Loaded where it is used: the SDK is large.
    const { parseS3Url, S3BlobStore } = await import('../../storage/s3-blobs.ts');
    return new S3BlobStore(parseS3Url(config.BLOB_URL), keyring, config.S3_ENDPOINT);
  }
  const folder = config.BLOB_URL ? fileURLToPath(config.BLOB_URL) : join(config.KTPFLOW_HOME, 'blobs');
  return FileBlobStore.open(folder, keyring);
}
