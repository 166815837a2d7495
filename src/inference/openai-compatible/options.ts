/** Servers whose habits are known; `generic` is any other one that speaks the protocol. */
export type ServerKind = 'vllm' | 'sglang' | 'llamacpp' | 'ollama' | 'generic';

export interface UpstreamTimeouts {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** From the request to the first token. */
  readonly firstTokenMs: number;
  /** Without a byte between two tokens; comments of the upstream count as life. */
  readonly idleMs: number;
  /** A whole probe (models, tokenizer). */
  readonly probeMs: number;
}

export const DEFAULT_TIMEOUTS: UpstreamTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 300_000,
  idleMs: 60_000,
  probeMs: 5_000,
};

export interface OpenAiCompatibleOptions {
  /** Shown in /health and in errors. */
  readonly id: string;
  /** `http(s)://host[:port][/v1]`, or with another version (`/v1beta/openai`). */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** Asked of the upstream and offered in /v1/models. */
  readonly modelId: string;
  /** Unset: found out from the server's own answers. */
  readonly serverKind?: ServerKind | undefined;
  /** Pixels of a picture that the model takes; larger ones are scaled down before they are sent. */
  readonly maxImagePixels: number;
  readonly timeouts?: Partial<UpstreamTimeouts>;
}
