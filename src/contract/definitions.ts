import type { QueryDefinition, SignalDefinition } from '@temporalio/common';

/**
 * Names of queries and signals with the types of what they carry. What `defineQuery` and `defineSignal` of
 * @temporalio/workflow return, without loading that package: clients and the command line share these definitions.
 */

export function queryDefinition<Answer>(name: string): QueryDefinition<Answer> {
  // The brands exist for the compiler only.
  return { type: 'query', name } as QueryDefinition<Answer>;
}

export function signalDefinition<Arguments extends unknown[]>(name: string): SignalDefinition<Arguments> {
  return { type: 'signal', name } as SignalDefinition<Arguments>;
}
