import { codeOf } from '../../observability/tracing/span-attributes.ts';
import { type OpenSpan, openSpan } from '../../observability/tracing/spans.ts';
import type { Engine, GenerationPart, GenerationRequest } from '../engine.ts';

/** Asks the engine; where traces are on, within a span that ends with the answer, and tells when its first piece came. */
export function tracedGeneration(
  engine: Engine,
  request: GenerationRequest,
  options: { readonly signal: AbortSignal },
): AsyncIterable<GenerationPart> {
  const span = openSpan({ name: `generate ${engine.kind}`, kind: 'client', attributes: { engine: engine.kind } });
  return span ? follow(span, () => engine.generate(request, options)) : engine.generate(request, options);
}

async function* follow(span: OpenSpan, generate: () => AsyncIterable<GenerationPart>): AsyncGenerator<GenerationPart> {
  const startedAt = performance.now();
  let hasBegun = false;
  // Where nobody asks for the rest, the caller has gone, or has what it needs.
  let code: string | undefined = 'given_up';
  const parts = span.run(() => generate()[Symbol.asyncIterator]());
  try {
    for (;;) {
      const { done, value } = await span.run(() => parts.next());
      if (done) return;
      if (value.type === 'finish') {
        code = undefined;
        const { completionTokens, promptTokens } = value.usage ?? {};
        span.set({ inputTokens: promptTokens, outputTokens: completionTokens });
      } else if (!hasBegun) {
        hasBegun = true;
        span.set({ firstTokenMs: performance.now() - startedAt });
      }
      yield value;
    }
  } catch (error) {
    code = codeOf(error);
    throw error;
  } finally {
    span.end(code);
    await parts.return?.();
  }
}
