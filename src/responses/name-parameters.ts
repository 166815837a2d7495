import { KtpflowError } from '../errors.ts';

/** Names of a chat body, and what a response calls the same; the first that fits. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  // Which item a message was cannot be told: instructions and earlier turns stand before it.
  [/^messages\b.*$/, 'input'],
  [/^response_format(\.json_schema)?/, 'text.format'],
  [/^max_tokens\b/, 'max_output_tokens'],
  [/^reasoning_effort\b/, 'reasoning.effort'],
  [/^(tools\[\d+\]|tool_choice)\.function\b/, '$1'],
];

/** An error of the chat body that a response was made into, by the names that its caller wrote. */
export function inWordsOfResponses(error: unknown): unknown {
  if (!(error instanceof KtpflowError) || error.param === null) return error;
  const { cause, code, message, param, retryable, retryAfterSeconds, status } = error;
  const known = NAMES.find(([pattern]) => pattern.test(param));
  if (!known) return error;
  const renamed = param.replace(...known);
  const told = message.startsWith(param) ? renamed + message.slice(param.length) : message;
  const after = retryAfterSeconds !== undefined && { retryAfterSeconds };
  return new KtpflowError(code, told, { cause, param: renamed, retryable, status, ...after });
}
