import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type NextCall = Parameters<Interceptor>[1];

/** Repeated by api/intake/start-workflow.ts, which must see each failure: whether a run was begun hangs on it. */
const START = /\/StartWorkflowExecution$/;

/**
 * The SDK's retries with two faults taken out: they go on past the deadline of the call (a 1.5 s check of a dead server
 * takes 2 s, a 5 s start 7 s), and one that is due when the connection is closed throws from its timer, which ends the
 * process.
 */
export const retryWithinDeadline: Interceptor = (options, nextCall) => {
  const { delayFunction, retryableDecider } = defaultGrpcRetryOptions();
  const deadline = options.deadline === undefined ? Number.POSITIVE_INFINITY : Number(options.deadline);
  const isStart = START.test(options.method_definition.path);
  const retry = makeGrpcRetryInterceptor({
    delayFunction,
    retryableDecider: (attempt, status) =>
      !isStart && retryableDecider(attempt, status) && Date.now() + delayFunction(attempt, status) < deadline,
  });
  let attempts = 0;
  const guardedCall: NextCall = (callOptions) => {
    if (attempts++ === 0) return nextCall(callOptions);
    try {
      return nextCall(callOptions);
    } catch {
      return unansweredCall;
    }
  };
  return retry(options, guardedCall);
};

/** What a retry on a closed connection gets: nobody waits for its answer any more. */
const ignore = () => undefined;
const unansweredCall = {
  start: ignore,
  sendMessage: ignore,
  sendMessageWithContext: ignore,
  startRead: ignore,
  halfClose: ignore,
  cancelWithStatus: ignore,
  getPeer: () => '',
  getAuthContext: () => null,
} satisfies ReturnType<NextCall>;
