import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema } from '../../../src/config.ts';

/** Files in the container, which compose cannot take from the host by their names alone. */
const PATHS = [
  'ALLOWED_LOCAL_MEDIA_PATH',
  'CONFIDENCE_TABLE',
  'FFMPEG_PATH',
  'KTPFLOW_CACHE',
  'KTPFLOW_HOME',
  'TEMPORAL_CLI_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'VLM_MODEL_DIR',
];

/** Of a Temporal server elsewhere, of the embedded shape, of our own runner, or of the command line. */
const ELSEWHERE = [
  'ALLOW_ANONYMOUS',
  'DEVICE_MAP',
  'HF_ENDPOINT',
  'HF_TOKEN',
  'HOST',
  'PORT',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_NAME',
  'TORCH_DTYPE',
  'VLM_CONTEXT_TOKENS',
  'VLM_THREADS',
];

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Service {
  readonly environment?: Readonly<Record<string, string | null>>;
}

const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };

function settingsOf(role: string): string[] {
  return Object.keys(services[role]?.environment ?? {});
}

describe('docker-compose.yml', () => {
  it('lets every setting of .env.example through to a role: one left out has no effect, and nobody is told', () => {
    const passed = new Set(['api', 'worker', 'inference'].flatMap(settingsOf));
    const lost = Object.keys(environmentSchema.shape).filter((name) => !passed.has(name));

    expect(lost.sort()).toEqual([...PATHS, ...ELSEWHERE].sort());
  });

  it('names no setting that ktpflow does not know, but for those of libraries', () => {
    const known = new Set([...Object.keys(environmentSchema.shape), 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG']);
    const unknown = ['api', 'worker', 'inference'].flatMap(settingsOf).filter((name) => !known.has(name));

    expect(unknown.filter((name) => !name.startsWith('AWS_'))).toEqual([]);
  });

  it('keeps the database, the keys of callers and the secret of webhooks from the process that opens pictures', () => {
    const inference = settingsOf('inference');

    expect(inference).toContain('ENCRYPTION_KEYS');
    for (const secret of ['DATABASE_URL', 'API_KEYS', 'WEBHOOK_SECRET']) expect(inference).not.toContain(secret);
  });
});

describe('the first key', () => {
  it.each(['deploy/new-env', 'deploy/kubernetes/secret.example.yaml'])(
    'of %s has every scope: without one, a part of a fresh installation answers 403',
    (path) => {
      const scopes = /^\s*"?API_KEYS"?[=:].*?:([a-z+]+):main/m.exec(read(path))?.[1]?.split('+');

      expect(scopes?.sort()).toEqual(['admin', 'chat', 'extract', 'review']);
    },
  );
});
