import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { isLoopbackHost } from '../../api/http/loopback.ts';
import type { Config } from '../../config.ts';
import type { Keyring } from '../../encryption/keyring.ts';
import { temporalSecurity } from '../../encryption/temporal-security.ts';
import { createDataConverter } from '../../worker/data-converter.ts';
import { traceStarts } from '../../worker/tracing/trace-starts.ts';
import { retryWithinDeadline } from './retry-interceptor.ts';

/** Keep-alives end a call to a server that froze or vanished, instead of leaving it to TCP. */
const KEEP_ALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5_000 };

/** @param address host:port */
function channelArgumentsFor(address: string) {
  // grpc-js asks the proxy of the environment (https_proxy, http_proxy, grpc_proxy) for this very machine, too.
  return isLoopbackHost(address) ? { ...KEEP_ALIVE, 'grpc.enable_http_proxy': 0 } : KEEP_ALIVE;
}

function addressOf(config: Config): string {
  if (!config.TEMPORAL_ADDRESS) throw new Error('TEMPORAL_ADDRESS is needed by a process with ROLES');
  return config.TEMPORAL_ADDRESS;
}

/**
 * The API's client. Connects on first use, so that the API answers (with 503 where it must) while Temporal is down.
 */
export function createTemporalClient(config: Config, keyring: Keyring): Client {
  const address = addressOf(config);
  const connection = Connection.lazy({
    address,
    ...temporalSecurity(config),
    channelArgs: channelArgumentsFor(address),
    interceptors: [retryWithinDeadline],
  });
  return clientOn(connection, config, keyring);
}

function clientOn(connection: Connection | NativeConnection, config: Config, keyring: Keyring): Client {
  return new Client({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    dataConverter: createDataConverter(keyring),
    interceptors: { workflow: traceStarts(keyring) },
  });
}

/**
 * A client on the connection of workers in this process, which is what makes an eager start possible; made anew when
 * they have connected anew.
 */
export function createWorkerClient(
  config: Config,
  keyring: Keyring,
  connectionOf: () => NativeConnection | undefined,
): () => Client | undefined {
  let client: { readonly of: NativeConnection; readonly made: Client } | undefined;
  return () => {
    const connection = connectionOf();
    if (!connection) return undefined;
    if (client?.of !== connection) client = { of: connection, made: clientOn(connection, config, keyring) };
    return client.made;
  };
}

/** The workers' connection; rejects while Temporal cannot be reached. */
export async function connectWorker(config: Config): Promise<NativeConnection> {
  return NativeConnection.connect({ address: addressOf(config), ...temporalSecurity(config) });
}
