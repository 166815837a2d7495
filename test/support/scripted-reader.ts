import { Context } from '@temporalio/activity';
import type { InferenceActivities } from '../../src/activities/types.ts';
import { KtpflowError } from '../../src/errors.ts';

export type Behaviour = 'real' | 'not a ktp' | 'fault once' | 'wait';

/** Stands before the real reader and does what a test says; 'wait' works until it is cancelled or released. */
export class ScriptedReader {
  behaviour: Behaviour = 'real';
  #release: (() => void)[] = [];

  /** Lets everything that waits go on to the real reader. */
  release(): void {
    this.behaviour = 'real';
    for (const resolve of this.#release.splice(0)) resolve();
  }

  wrap(readCard: InferenceActivities['readCard']): InferenceActivities['readCard'] {
    return async (input) => {
      const context = Context.current();
      if (this.behaviour === 'not a ktp') throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
      if (this.behaviour === 'fault once' && context.info.attempt === 1) throw new Error('a passing fault');
      if (this.behaviour === 'wait') await this.#waitWithHeartbeats(context);
      return readCard(input);
    };
  }

  async #waitWithHeartbeats(context: Context): Promise<void> {
    const beat = () => context.heartbeat({ stage: 'reading', fraction: 0.5 });
    beat();
    const timer = setInterval(beat, 200);
    try {
      await Promise.race([new Promise<void>((resolve) => this.#release.push(resolve)), context.cancelled]);
    } finally {
      clearInterval(timer);
    }
  }
}
