import type { Response } from 'express';
import { AbortScope } from '../../abort-scope.ts';
import { completionObject } from '../../chat/completion.ts';
import { asError } from '../../chat/error-object.ts';
import { callerGone } from '../http/caller-gone.ts';
import { shuttingDown } from '../http/shutting-down.ts';
import type { Answer } from './answer.ts';

export interface WholeOptions {
  readonly sessionId: string;
  /** Aborted when the process is asked to stop. */
  readonly closing: AbortSignal;
  /** Called when the answer has begun. */
  readonly onBegun: () => void;
}

/** Sends an answer as one object, once it is whole. @throws KtpflowError of a failed answer, shutting_down */
export async function sendWholeAnswer(response: Response, answer: Answer, options: WholeOptions): Promise<void> {
  const { closing, onBegun, sessionId } = options;
  const gone = callerGone(response);
  using scope = new AbortScope([gone, closing]);
  const interrupted = scope.signal;
  while (!answer.view.end && !interrupted.aborted) {
    if (answer.view.pieces.length > 0) onBegun();
    await answer.changed(interrupted);
  }
  const { end } = answer.view;
  if (gone.aborted) return;
  if (!end) throw shuttingDown();
  if (end.type === 'error') throw asError(end.error);
  response.json(completionObject(answer.generation, answer.view, end, sessionId));
}
