import { Context } from '@temporalio/activity';
import type { InferenceActivities, ReadCardInput, ReadCardOutput } from '../../src/contract/extraction-activities.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { sealJson, unsealJson } from '../../src/encryption/keyring.ts';
import { KtpflowError } from '../../src/errors.ts';
import type { Platform } from './platform.ts';

export type Behaviour = 'read' | 'not a ktp' | 'fault once' | 'wait';

/**
 * Stands before the real reader and does what a test says. 'read' reads the first card really and gives the same
 * result to all others, which show the same picture; 'wait' works until it is cancelled or released.
 */
export class ScriptedReader {
  behaviour: Behaviour = 'read';
  #platform: Pick<Platform, 'keyring' | 'blobs'> | undefined;
  #first: { readonly output: ReadCardOutput; readonly result: unknown } | undefined;
  #release: (() => void)[] = [];

  /** To be called before the first card. */
  attach(platform: Pick<Platform, 'keyring' | 'blobs'>): void {
    this.#platform = platform;
  }

  /** Lets everything that waits go on. */
  release(): void {
    this.behaviour = 'read';
    for (const resolve of this.#release.splice(0)) resolve();
  }

  wrap(readCard: InferenceActivities['readCard']): InferenceActivities['readCard'] {
    return async (input) => {
      const context = Context.current();
      if (this.behaviour === 'not a ktp') throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
      if (this.behaviour === 'fault once' && context.info.attempt === 1) throw new Error('a passing fault');
      if (this.behaviour === 'wait') await this.#waitWithHeartbeats(context);
      return this.#read(input, context.info.attempt, readCard);
    };
  }

  async #read(input: ReadCardInput, attempt: number, readCard: InferenceActivities['readCard']) {
    if (!this.#platform) throw new Error('attach() first');
    const { keyring, blobs } = this.#platform;
    const dataKey = keyring.unwrapDataKey(await blobs.wrappedKey(input.blob));
    const context = resultContext(input.extractionId);
    if (!this.#first) {
      const output = await readCard(input);
      const result = unsealJson(dataKey, Buffer.from(output.sealedResult, 'base64'), context);
      this.#first = { output, result };
    }
    const { output, result } = this.#first;
    const sealedResult = Buffer.from(sealJson(dataKey, result, context)).toString('base64');
    return { ...output, sealedResult, attempt, startedAt: new Date().toISOString() };
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
