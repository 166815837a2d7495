import type { AssumedSetting, GenerationRequest } from '../engine.ts';
import type { ServerKind } from './options.ts';
import type { RefusedParameter } from './refused-parameter.ts';

/** What a server was found not to take, and gets in another form. */
export interface Concessions {
  /** Its chat template takes one system message, at the start, and the others in turn. */
  readonly mergedRoles: boolean;
  /** … and none of the system at all: what it says stands before what the user says. */
  readonly withoutSystem: boolean;
  /** It does not know `response_format`: the answer is told the format in words, and checked. */
  readonly withoutFormat: boolean;
  readonly withoutStreamOptions: boolean;
  /** The limit of tokens by its newer name. */
  readonly newTokenLimit: boolean;
  /** The most tokens of an answer: callers ask for more than any model has where they want no limit. */
  readonly mostTokens: number | null;
  /** What the model thought in earlier turns, which our own answers have, and callers hand back. */
  readonly withoutReasoning: boolean;
  /** Settings that are sent only where the caller has asked for them. */
  readonly withoutAssumed: readonly AssumedSetting[];
}

export const NO_CONCESSIONS: Concessions = {
  mergedRoles: false,
  withoutSystem: false,
  withoutFormat: false,
  withoutStreamOptions: false,
  newTokenLimit: false,
  mostTokens: null,
  withoutReasoning: false,
  withoutAssumed: [],
};

/** What to try after a refusal; null: there is nothing left to try. Each is tried once. */
export function concede(
  granted: Concessions,
  refused: RefusedParameter | null,
  request: GenerationRequest,
  kind: ServerKind,
): Concessions | null {
  if (!refused) return null;
  const { isAboutRoles, param } = refused;
  if (isAboutRoles && granted.mergedRoles) {
    const hasSystem = request.messages.some(({ role }) => role === 'system');
    return hasSystem && !granted.withoutSystem ? { ...granted, withoutSystem: true } : null;
  }
  if (isAboutRoles) return { ...granted, mergedRoles: true };
  if (param === 'stream_options' && !granted.withoutStreamOptions) return { ...granted, withoutStreamOptions: true };
  if (param === 'max_completion_tokens' && !granted.newTokenLimit) return { ...granted, newTokenLimit: true };
  const asked = Math.min(request.sampling.maxTokens, granted.mostTokens ?? Number.POSITIVE_INFINITY);
  const most = Math.max(0, ...(refused.limits ?? []).filter((limit) => limit < asked));
  if (most > 0) return { ...granted, mostTokens: most };
  if (param === 'reasoning_content' && !granted.withoutReasoning) {
    const hasReasoning = request.messages.some(({ reasoning }) => reasoning !== undefined);
    return hasReasoning ? { ...granted, withoutReasoning: true } : null;
  }
  const assumed = request.sampling.assumed?.find((name) => name === param);
  if (assumed && !granted.withoutAssumed.includes(assumed)) {
    return { ...granted, withoutAssumed: [...granted.withoutAssumed, assumed] };
  }
  // Of a server of unknown kind it is not known whether it takes a format; those that do enforce it are left to.
  const mayBeFormat = param === 'response_format' || param === null;
  const hasFormat = request.responseFormat.type !== 'text' && !granted.withoutFormat;
  return kind === 'generic' && mayBeFormat && hasFormat ? { ...granted, withoutFormat: true } : null;
}
