import type { Finish, Piece } from '../chat/piece.ts';
import type { ResponseFormat } from '../chat/response-format.ts';
import type { Settings, TextConstraint } from '../chat/steering.ts';

/** What an engine can do; a request that needs more is refused with 400 naming the engine. */
export interface EngineCapabilities {
  readonly vision: boolean;
  readonly video: boolean;
  /** Constrained decoding by a JSON schema. */
  readonly jsonSchema: boolean;
  /** Can go on from a prefix of its answer, so that a failover does not start again. */
  readonly continueFromPrefix: boolean;
  readonly tools: boolean;
  readonly logprobs: boolean;
  /** Takes the settings and constraints that callers of model servers know, or refuses them by name. */
  readonly steering?: boolean;
}

/** A part of a message, media resolved: bytes that this process has fetched, checked and scaled. */
export type EngineContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mimeType: string; readonly bytes: Uint8Array }
  /** Frames in order, with their times in seconds. */
  | {
      readonly type: 'video';
      readonly frames: readonly { readonly seconds: number; readonly mimeType: string; readonly bytes: Uint8Array }[];
    };

export interface EngineMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: readonly EngineContentPart[];
  readonly name?: string;
  readonly toolCallId?: string;
  /** Tool calls of an assistant's earlier turn, as OpenAI writes them. */
  readonly toolCalls?: readonly unknown[];
  /** What the model thought in an assistant's earlier turn; some templates show it again. */
  readonly reasoning?: string;
}

export interface Sampling {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly repetitionPenalty?: number;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  /** What the caller did not ask for: it is left out for a server that does not take it. */
  readonly assumed?: readonly AssumedSetting[];
}

export type AssumedSetting = 'temperature' | 'seed';

export interface GenerationRequest {
  readonly messages: readonly EngineMessage[];
  readonly sampling: Sampling;
  readonly responseFormat: ResponseFormat;
  /** What the text must be, where `responseFormat` is text; only for engines with `steering`. */
  readonly constraint?: TextConstraint;
  /** By the names that callers write; only for engines with `steering`. */
  readonly settings?: Settings;
  readonly tools?: readonly unknown[];
  readonly toolChoice?: unknown;
  /** Content that was already recorded of this answer (no reasoning); only for engines with `continueFromPrefix`. */
  readonly prefix?: string;
  /** The request's own pairs, for engines of ours; never sent to a server. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an engine yields: pieces, then exactly one finish. */
export type GenerationPart = { readonly type: 'piece'; readonly piece: Piece } | ({ readonly type: 'finish' } & Finish);

export interface EngineReadiness {
  readonly ready: boolean;
  readonly error: string | null;
  /** What is wrong with an engine that answers all the same. */
  readonly warning?: string | null;
}

/**
 * A model that answers. Errors: KtpflowError `model_not_ready`, `upstream_failed`, `deadline_exceeded`,
 * `context_length_exceeded`; aborting the signal stops the work within a second and rejects.
 */
export interface Engine {
  readonly id: string;
  readonly kind: 'ppocr' | 'onnx' | 'openai';
  /** Name offered in /v1/models. */
  readonly modelId: string;
  /** Pixels of a picture that the model takes; null: pictures are handed over as they came. */
  readonly maxImagePixels: number | null;
  /** Where they are found out from a server, up to date after `readiness()` or `contextLength()`. */
  readonly capabilities: EngineCapabilities;
  /** Prompt and answer together, in tokens; null where it is not known. */
  contextLength(): Promise<number | null>;
  /** What the model's tokenizer says that the model takes; for engines that have it at hand. */
  tokenizerMaxLength?(): number | null;
  readiness(): Promise<EngineReadiness>;
  /** Tells one version of a server from another; null where it does not say. For engines that may be exchanged. */
  version?(): Promise<string | null>;
  generate(request: GenerationRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GenerationPart>;
  /** Counts by the engine's tokenizer; null where it has none. */
  countTokens(text: string): Promise<number | null>;
  close(): Promise<void>;
}
