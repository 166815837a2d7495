import type { AssumedSetting, EngineContentPart, EngineMessage, GenerationRequest } from '../engine.ts';
import type { Concessions } from './concessions.ts';
import { mergeRoles } from './merge-roles.ts';
import type { ServerKind } from './options.ts';
import { toUpstreamConstraint, toUpstreamSettings } from './steering.ts';

export interface UpstreamBodyOptions {
  readonly engineId: string;
  readonly kind: ServerKind;
  readonly modelId: string;
  /** Beginning of the answer to go on from; empty: none. */
  readonly assistantPrefix: string;
  readonly concessions: Concessions;
}

/**
 * The request as the upstream's kind writes it. Always streamed: a closed connection is the only way to stop a model
 * server. Names of our callers (`user`, `metadata`) stay here.
 * @throws KtpflowError unsupported for a constraint that this kind of server does not know
 */
export function toUpstreamBody(request: GenerationRequest, options: UpstreamBodyOptions): Record<string, unknown> {
  const { sampling } = request;
  const { assistantPrefix, concessions, engineId, kind, modelId } = options;
  const isLeftOut = (name: AssumedSetting) =>
    concessions.withoutAssumed.includes(name) && sampling.assumed?.includes(name) === true;
  const messages = concessions.mergedRoles ? mergeRoles(request.messages, concessions) : request.messages;
  return withoutUndefined({
    model: modelId,
    messages: withPrefix(
      messages.map((message) => toUpstreamMessage(message, kind, concessions)),
      assistantPrefix,
    ),
    stream: true,
    stream_options: concessions.withoutStreamOptions ? undefined : { include_usage: true },
    [concessions.newTokenLimit ? 'max_completion_tokens' : 'max_tokens']: Math.min(
      sampling.maxTokens,
      concessions.mostTokens ?? sampling.maxTokens,
    ),
    temperature: isLeftOut('temperature') ? undefined : sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    ...repetitionPenalty(kind, sampling.repetitionPenalty),
    stop: sampling.stop && sampling.stop.length > 0 ? sampling.stop : undefined,
    seed: isLeftOut('seed') ? undefined : sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.logprobs ? sampling.topLogprobs : undefined,
    tools: request.tools,
    tool_choice: request.toolChoice,
    response_format: concessions.withoutFormat ? undefined : responseFormat(request),
    ...(request.settings && toUpstreamSettings(kind, request.settings)),
    ...(request.constraint && toUpstreamConstraint(kind, request.constraint, engineId)),
    ...(assistantPrefix !== '' && continuation(kind)),
  });
}

/** vLLM and SGLang want to be told; llama.cpp goes on from a trailing assistant message by itself. */
function continuation(kind: ServerKind): Record<string, unknown> {
  return kind === 'vllm' || kind === 'sglang' ? { continue_final_message: true, add_generation_prompt: false } : {};
}

/** Joined to an answer that the caller began: two assistant messages in a row are refused by llama.cpp and others. */
function withPrefix(messages: Record<string, unknown>[], prefix: string): Record<string, unknown>[] {
  if (prefix === '') return messages;
  const last = messages.at(-1);
  if (last?.role === 'assistant' && typeof last.content === 'string' && last.tool_calls === undefined) {
    return [...messages.slice(0, -1), { ...last, content: last.content + prefix }];
  }
  return [...messages, { role: 'assistant', content: prefix }];
}

function repetitionPenalty(kind: ServerKind, penalty: number | undefined): Record<string, unknown> {
  return kind === 'llamacpp' ? { repeat_penalty: penalty } : { repetition_penalty: penalty };
}

function responseFormat({ responseFormat: format }: GenerationRequest): unknown {
  if (format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: format.name, schema: format.schema, strict: true } };
}

function toUpstreamMessage(
  message: EngineMessage,
  kind: ServerKind,
  { withoutReasoning }: Concessions,
): Record<string, unknown> {
  const reasoning = withoutReasoning ? undefined : message.reasoning;
  return withoutUndefined({
    role: message.role,
    content: toUpstreamContent(message, kind),
    name: message.name,
    tool_call_id: message.toolCallId,
    tool_calls: message.toolCalls,
    reasoning_content: reasoning,
    // The name that vLLM and Ollama have gone over to.
    reasoning: kind === 'vllm' || kind === 'ollama' ? reasoning : undefined,
  });
}

/** Plain text goes as a string: templates of text models do not take lists. */
function toUpstreamContent({ content, toolCalls }: EngineMessage, kind: ServerKind): unknown {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (texts.length === content.length) {
    // Older versions of Ollama refuse null.
    return texts.length === 0 && toolCalls !== undefined && kind !== 'ollama' ? null : texts.join('\n');
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
