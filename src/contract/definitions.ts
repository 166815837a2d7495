import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';

/**
 * Names of queries, signals and updates with the types of what they carry. What `defineQuery` and its like of
 * @temporalio/workflow return, without loading that package: clients and the command line share these definitions.
 */

export function queryDefinition<Answer>(name: string): QueryDefinition<Answer> {
  // The brands exist for the compiler only.
  return { type: 'query', name } as QueryDefinition<Answer>;
}

export function signalDefinition<Arguments extends unknown[]>(name: string): SignalDefinition<Arguments> {
  return { type: 'signal', name } as SignalDefinition<Arguments>;
}

export function updateDefinition<Answer, Arguments extends unknown[]>(
  name: string,
): UpdateDefinition<Answer, Arguments> {
  return { type: 'update', name } as UpdateDefinition<Answer, Arguments>;
}
