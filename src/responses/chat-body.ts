import type { InputItem, InputPart, ResponseRequest } from './request-schema.ts';

/** A message of a chat completions body. */
export type ChatBodyMessage = Readonly<Record<string, unknown>>;

type ToolCallItem = Extract<InputItem, { type: 'function_call' }>;

/** The request's own items as messages of a chat; thoughts of earlier answers are left out. */
export function messagesOf(input: ResponseRequest['input']): ChatBodyMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const messages: ChatBodyMessage[] = [];
  for (let index = 0; index < input.length; index++) {
    const item = input[index];
    if (item?.type === 'message') messages.push({ role: item.role, content: contentOf(item.content) });
    if (item?.type === 'function_call_output') {
      messages.push({ role: 'tool', tool_call_id: item.call_id, content: contentOf(item.output) });
    }
    if (item?.type !== 'function_call') continue;
    // Calls in a row are one message's.
    const calls: ToolCallItem[] = [];
    for (let next = input[index]; next?.type === 'function_call'; next = input[++index]) calls.push(next);
    index--;
    messages.push(callMessage(calls));
  }
  return messages;
}

/** The answer of a former response as the message that the next one follows. */
export function answerMessage(
  content: string,
  calls: readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[],
): ChatBodyMessage {
  return {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(calls.length > 0 && { tool_calls: calls.map(({ id, function: named }) => toolCall(id, named)) }),
  };
}

/** A body of chat completions that asks for the same. */
export function chatBodyOf(request: ResponseRequest, earlier: readonly ChatBodyMessage[]): Record<string, unknown> {
  const instructions = request.instructions === undefined ? [] : [{ role: 'system', content: request.instructions }];
  const logprobs = request.include?.includes('message.output_text.logprobs') || (request.top_logprobs ?? 0) > 0;
  return {
    model: request.model,
    messages: [...instructions, ...earlier, ...messagesOf(request.input)],
    max_tokens: request.max_output_tokens,
    temperature: request.temperature,
    top_p: request.top_p,
    ...(logprobs && { logprobs: true, top_logprobs: request.top_logprobs }),
    ...(request.text?.format && { response_format: responseFormat(request.text.format) }),
    ...(request.tools && request.tools.length > 0 && { tools: request.tools.map(chatTool) }),
    ...(request.tool_choice !== undefined && { tool_choice: toolChoice(request.tool_choice) }),
    parallel_tool_calls: request.parallel_tool_calls,
    reasoning_effort: request.reasoning?.effort,
    verbosity: request.text?.verbosity,
    metadata: request.metadata,
    user: request.user,
    stream: true,
    stream_options: { include_usage: true },
  };
}

function callMessage(calls: readonly ToolCallItem[]): ChatBodyMessage {
  return { role: 'assistant', content: null, tool_calls: calls.map((call) => toolCall(call.call_id, call)) };
}

function toolCall(id: string, { name, arguments: text }: { readonly name: string; readonly arguments: string }) {
  return { id, type: 'function', function: { name, arguments: text } };
}

function contentOf(content: string | readonly InputPart[]): string | object[] {
  return typeof content === 'string' ? content : content.map(partOf);
}

function partOf(part: InputPart): object {
  switch (part.type) {
    case 'input_image':
      return { type: 'image_url', image_url: { url: part.image_url ?? '' } };
    case 'input_file':
      // Pictures come as files, too; what a file is, its bytes tell.
      return { type: 'image_url', image_url: { url: part.file_data ?? part.file_url ?? '' } };
    case 'refusal':
      return { type: 'text', text: part.refusal };
    default:
      return { type: 'text', text: part.text };
  }
}

function responseFormat(format: NonNullable<NonNullable<ResponseRequest['text']>['format']>): object {
  if (format.type !== 'json_schema') return format;
  const { name, description, schema, strict } = format;
  return { type: 'json_schema', json_schema: { name, description, schema, strict } };
}

function chatTool({ type, ...definition }: NonNullable<ResponseRequest['tools']>[number]): object {
  return { type, function: definition };
}

function toolChoice(choice: NonNullable<ResponseRequest['tool_choice']>): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}
