import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Makes the SDK in this process log errors alone, and leave signals to the tests. To be called before it is used. */
export function quietRuntime(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  } catch (error) {
    // It is in use: a file before this one, in the same process, has not closed everything yet.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
