import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC status codes that say something of the request itself; any other means that Temporal cannot serve now. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;
const OF_THE_REQUEST = new Set([INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION]);

/** The gRPC status code of an error of the Temporal client, undefined for others. */
export function grpcCodeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof ServiceError) return grpcCodeOf(error.cause);
  return undefined;
}

export function isTemporalNotFound(error: unknown): boolean {
  return grpcCodeOf(error) === NOT_FOUND || (error instanceof Error && error.name === 'WorkflowNotFoundError');
}

/** Whether Temporal could not be reached or could not answer: the caller gets 503 and may try again. */
export function isTemporalUnavailable(error: unknown): boolean {
  if (error instanceof Error && error.name === 'NamespaceNotFoundError') return true;
  const code = grpcCodeOf(error);
  if (code !== undefined) return !OF_THE_REQUEST.has(code);
  // The client wraps what is not a gRPC error (a connection that cannot be made, say) in a ServiceError as well.
  return error instanceof ServiceError;
}
