import { ApiFailure } from './api.ts';

const TRIES = 4;
const PAUSE_MS = 1_500;

/** Whether the server was away, or is being started anew: what was asked for may do better a little later. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status === 503);
}

/** Does what may be done twice, again where the server was away. */
export async function tryAgain<Answer>(work: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt === TRIES || signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
    }
  }
}
