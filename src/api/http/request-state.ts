import type { Response } from 'express';
import type { Requester } from '../access/access-log.ts';
import type { Caller } from '../access/caller.ts';

/** What is known of a request, kept with its response. */
export interface RequestState {
  /** Sent back as `x-request-id`. */
  readonly requestId: string;
  /** The same as it may stand in logs. */
  readonly loggedId: string;
  /** Set by {@link requireKey} and {@link requireScope}. */
  caller?: Caller;
}

const states = new WeakMap<Response, RequestState>();

export function setRequestState(response: Response, state: RequestState): void {
  states.set(response, state);
}

export function requestState(response: Response): RequestState {
  const state = states.get(response);
  if (!state) throw new Error('the request has no state: identifyRequest must come first');
  return state;
}

/** The authenticated caller; only for routes behind {@link requireScope} or {@link requireKey}. */
export function callerOf(response: Response): Caller {
  const { caller } = requestState(response);
  if (!caller) throw new Error('the route has no authentication');
  return caller;
}

/** Whose request it is, for the access log; only for such routes, too. */
export function requesterOf(response: Response): Requester {
  return { caller: callerOf(response), requestId: requestState(response).loggedId };
}
