import { Connection } from '@temporalio/client';
import type { Config } from '../../config.ts';
import { temporalSecurity } from '../../encryption/temporal-security.ts';
import { isLoopbackHost } from '../http/loopback.ts';

/**
 * The connection over which streams are followed. Without automatic retries, which would hide a dead server for many
 * seconds behind one call: who follows a stream tries again by itself, at once. On sockets of its own, so that hundreds
 * of long polls stand in nobody's way.
 */
export function createStreamConnection(config: Config): Connection {
  return Connection.lazy({
    ...(config.TEMPORAL_ADDRESS !== undefined && { address: config.TEMPORAL_ADDRESS }),
    ...temporalSecurity(config),
    interceptors: [],
    channelArgs: {
      // As in runtime/roles/connect.ts: a proxy of the environment is not for this very machine.
      ...(isLoopbackHost(config.TEMPORAL_ADDRESS) && { 'grpc.enable_http_proxy': 0 }),
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      // A server that was away for a minute is not to be missed for another one.
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
  });
}
