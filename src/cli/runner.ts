import type { ApiClient } from './api-client.ts';
import type { MayStart } from './connect.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What the commands are run with. */
export interface Runner {
  /** Runs a command that talks to a server, and remembers how the program is to end. */
  withApi(mayStart: MayStart, run: (api: ApiClient, output: Output) => Promise<ExitCode>): Promise<void>;
  /** Runs a command of this machine. */
  locally(run: (output: Output) => Promise<ExitCode>): Promise<void>;
}
