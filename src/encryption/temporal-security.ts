import { readFileSync } from 'node:fs';
import { type Config, ConfigError } from '../config.ts';

type PathName = 'TEMPORAL_TLS_SERVER_CA_CERT_PATH' | 'TEMPORAL_TLS_CLIENT_CERT_PATH' | 'TEMPORAL_TLS_CLIENT_KEY_PATH';

/** What the SDK's connections, native ones included, take of `tls` and `apiKey`. */
export interface TemporalSecurity {
  readonly tls?:
    | true
    | {
        readonly serverNameOverride?: string;
        readonly serverRootCACertificate?: Buffer;
        readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
      };
  readonly apiKey?: string;
}

/**
 * How to connect to Temporal: in plain text, by TLS, by TLS with a certificate of ours (mTLS), with an API key. Anything
 * that only makes sense with TLS turns it on. Files are read at each call, so that a new connection has the certificate
 * that was renewed meanwhile.
 * @throws ConfigError for a file that cannot be read, and for a certificate without its key or the other way round
 */
export function temporalSecurity(config: Config): TemporalSecurity {
  const authority = pem(config, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  const crt = pem(config, 'TEMPORAL_TLS_CLIENT_CERT_PATH');
  const key = pem(config, 'TEMPORAL_TLS_CLIENT_KEY_PATH');
  if ((crt === undefined) !== (key === undefined)) {
    throw new ConfigError('TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH: set both or none');
  }
  const options = {
    ...(config.TEMPORAL_TLS_SERVER_NAME && { serverNameOverride: config.TEMPORAL_TLS_SERVER_NAME }),
    ...(authority && { serverRootCACertificate: authority }),
    ...(crt && key && { clientCertPair: { crt, key } }),
  };
  const wanted = config.TEMPORAL_TLS || config.TEMPORAL_API_KEY !== undefined || Object.keys(options).length > 0;
  return {
    ...(wanted && { tls: Object.keys(options).length > 0 ? options : true }),
    ...(config.TEMPORAL_API_KEY && { apiKey: config.TEMPORAL_API_KEY }),
  };
}

function pem(config: Config, name: PathName): Buffer | undefined {
  const path = config[name];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError(`${name}: the file cannot be read (${code})`);
  }
}
