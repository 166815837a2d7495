import type { EngineContentPart, EngineMessage, GenerationRequest } from '../engine.ts';
import type { ServerKind } from './options.ts';

/**
 * The request as the upstream's kind writes it. Always streamed: a closed connection is the only way to stop a model
 * server. Names of our callers (`user`, `metadata`) stay here.
 * @param assistantPrefix beginning of the answer to go on from; empty: none.
 */
export function toUpstreamBody(
  request: GenerationRequest,
  { kind, modelId, assistantPrefix }: { kind: ServerKind; modelId: string; assistantPrefix: string },
): Record<string, unknown> {
  const { sampling } = request;
  return withoutUndefined({
    model: modelId,
    messages: [
      ...request.messages.map(toUpstreamMessage),
      ...(assistantPrefix === '' ? [] : [{ role: 'assistant', content: assistantPrefix }]),
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: sampling.maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    ...repetitionPenalty(kind, sampling.repetitionPenalty),
    stop: sampling.stop && sampling.stop.length > 0 ? sampling.stop : undefined,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.logprobs ? sampling.topLogprobs : undefined,
    tools: request.tools,
    tool_choice: request.toolChoice,
    response_format: responseFormat(request, kind),
    ...(assistantPrefix !== '' && continuation(kind)),
  });
}

/** vLLM and SGLang want to be told; llama.cpp goes on from a trailing assistant message by itself. */
function continuation(kind: ServerKind): Record<string, unknown> {
  return kind === 'vllm' || kind === 'sglang' ? { continue_final_message: true, add_generation_prompt: false } : {};
}

function repetitionPenalty(kind: ServerKind, penalty: number | undefined): Record<string, unknown> {
  return kind === 'llamacpp' ? { repeat_penalty: penalty } : { repetition_penalty: penalty };
}

function responseFormat(request: GenerationRequest, kind: ServerKind): unknown {
  const { responseFormat: format } = request;
  // A server that does not know schemas may refuse the request for naming one.
  if (format.type === 'text' || (kind === 'generic' && format.type === 'json_schema')) return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: format.name, schema: format.schema, strict: true } };
}

function toUpstreamMessage(message: EngineMessage): Record<string, unknown> {
  return withoutUndefined({
    role: message.role,
    content: toUpstreamContent(message),
    name: message.name,
    tool_call_id: message.toolCallId,
    tool_calls: message.toolCalls,
  });
}

/** Plain text goes as a string: templates of text models do not take lists. */
function toUpstreamContent({ content, toolCalls }: EngineMessage): unknown {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (texts.length === content.length) {
    return texts.length === 0 && toolCalls !== undefined ? null : texts.join('\n');
  }
  return content.flatMap(toUpstreamParts);
}

/** A video goes as its frames, each behind its time, as Qwen3-VL's own video prompts have it: every server takes it. */
function toUpstreamParts(part: EngineContentPart): object[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'image':
      return [imagePart(part)];
    case 'video':
      return part.frames.flatMap((frame) => [
        { type: 'text', text: `<${frame.seconds.toFixed(1)} seconds>` },
        imagePart(frame),
      ]);
  }
}

function imagePart({ mimeType, bytes }: { mimeType: string; bytes: Uint8Array }): object {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return { type: 'image_url', image_url: { url: `data:${mimeType};base64,${base64}` } };
}

function withoutUndefined(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
