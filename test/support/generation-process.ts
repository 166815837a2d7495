import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { FileBlobStore } from '../../src/storage/file-blobs.ts';
import { startGenerations } from './chat.ts';
import { quietRuntime } from './quiet-runtime.ts';

/** An inference process's part of generating, in a process of its own that a test can freeze or kill. */
quietRuntime();
const config = readConfig();
const keyring = new Keyring(config.ENCRYPTION_KEYS);
const blobs = await FileBlobStore.open(join(config.KTPFLOW_HOME, 'blobs'), keyring);
startGenerations({ blobs, config, keyring, logger: createLogger({ level: 'error', component: 'generation' }) });
