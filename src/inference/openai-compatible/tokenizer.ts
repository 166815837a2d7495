import { z } from 'zod';
import type { ServerKind } from './options.ts';
import type { UpstreamHttp } from './upstream-http.ts';

interface Endpoint {
  readonly path: string;
  body(text: string, modelId: string): unknown;
}

const VLLM: Endpoint = {
  path: '/tokenize',
  body: (prompt, model) => ({ model, prompt, add_special_tokens: false }),
};
const LLAMA_CPP: Endpoint = { path: '/tokenize', body: (content) => ({ content }) };
/** llama-cpp-python's server. */
const LLAMA_CPP_PYTHON: Endpoint = { path: '/extras/tokenize/count', body: (input) => ({ input }) };

const ENDPOINTS: Readonly<Record<ServerKind, readonly Endpoint[]>> = {
  vllm: [VLLM],
  sglang: [VLLM],
  llamacpp: [LLAMA_CPP],
  ollama: [],
  generic: [VLLM, LLAMA_CPP_PYTHON],
};

const answerSchema = z
  .object({ count: z.number().int().nonnegative().optional(), tokens: z.array(z.unknown()).optional() })
  .transform(({ count, tokens }) => count ?? tokens?.length ?? null);

/** Counts tokens by the upstream's own tokenizer, where it offers one. */
export class UpstreamTokenizer {
  readonly #http: UpstreamHttp;
  readonly #modelId: string;
  readonly #absent = new Set<Endpoint>();

  constructor(http: UpstreamHttp, modelId: string) {
    this.#http = http;
    this.#modelId = modelId;
  }

  /** null where this server has no tokenizer, or it does not answer. */
  async count(text: string, kind: ServerKind, timeoutMs?: number): Promise<number | null> {
    if (text === '') return 0;
    for (const endpoint of ENDPOINTS[kind]) {
      if (this.#absent.has(endpoint)) continue;
      try {
        const { status, body } = await this.#http.ask(endpoint.path, {
          body: endpoint.body(text, this.#modelId),
          timeoutMs,
        });
        const counted = status === 200 ? answerSchema.safeParse(body).data : null;
        if (typeof counted === 'number') return counted;
        // Anything else would be said again to every text.
        if (status >= 400 && status < 500 && status !== 429) this.#absent.add(endpoint);
      } catch {
        return null;
      }
    }
    return null;
  }

  /** The server may have been exchanged: ask again for what it did not have. */
  forget(): void {
    this.#absent.clear();
  }
}
