import type { Usage } from '../../chat/piece.ts';
import type { ErrorCode } from '../../errors.ts';
import type { GenerationRequest } from '../engine.ts';
import type { ModelOptions } from './model.ts';

/** What the model's thread is started with. */
export type ThreadData = ModelOptions & {
  /** Answers that have their turns one after another. */
  readonly concurrency: number;
};

/** To the thread. */
export type ThreadRequest =
  | { readonly kind: 'generate'; readonly id: number; readonly request: GenerationRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'count'; readonly id: number; readonly text: string }
  | { readonly kind: 'close' };

/** What is known of a model once it is loaded. */
export interface ModelFacts {
  readonly contextTokens: number;
  readonly tokenizerMaxLength: number | null;
  readonly warning: string | null;
}

/** An error's parts: an Error's own fields do not survive the way between threads. */
export interface ThreadFailure {
  /** null: not one of ours. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly param: string | null;
}

/** From the thread. Every message is a sign of life. */
export type ThreadAnswer =
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  /** The folder cannot be used: trying again would not help. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'stepped' }
  | { readonly kind: 'began'; readonly id: number; readonly opensThinking: boolean }
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'finish'; readonly id: number; readonly reason: 'stop' | 'length'; readonly usage: Usage }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: ThreadFailure }
  | { readonly kind: 'counted'; readonly id: number; readonly tokens: number };
