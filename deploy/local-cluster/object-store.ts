import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ServiceDefinition } from './service.ts';

export interface ObjectStore {
  readonly definition: ServiceDefinition;
  readonly endpoint: string;
  createBucket(name: string): Promise<void>;
}

export interface ObjectStoreOptions {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** versitygw: S3 over a folder. */
export function prepareObjectStore(options: ObjectStoreOptions): ObjectStore {
  const { program, folder, port, accessKey, secretKey } = options;
  const objects = join(folder, 's3');
  // For file systems without extended attributes, such as a container's.
  const attributes = join(folder, 'attributes-of-s3');
  mkdirSync(objects, { recursive: true });
  mkdirSync(attributes);
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    definition: {
      name: 's3',
      command: program,
      args: ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', '--sidecar', attributes, objects],
      environment: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
      cwd: folder,
      // Without a signature it refuses, which is an answer.
      isReady: async () => (await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })).status < 500,
    },
    async createBucket(name) {
      const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
      const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials });
      await client.send(new CreateBucketCommand({ Bucket: name }));
      client.destroy();
    },
  };
}
