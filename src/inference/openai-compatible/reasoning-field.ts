/**
 * Text of a field for reasoning: a string, an object that holds one as `text`, `content` or `summary`, or a list of such. Anything
 * else is no text: an answer is not lost for it.
 */
export function readReasoning(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(readReasoning).join('');
  if (typeof value !== 'object' || value === null) return '';
  const { content, summary, text } = value as { content?: unknown; summary?: unknown; text?: unknown };
  return readReasoning(text) || readReasoning(content) || readReasoning(summary);
}
