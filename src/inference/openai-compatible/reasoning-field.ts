/**
 * Text of a field for reasoning: a string, an object that holds one (`text`, `thinking`, `reasoning`, `content`, `summary`), or a
 * list of such. Anything else is no text: an answer is not lost for it.
 */
export function readReasoning(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(readReasoning).join('');
  if (typeof value !== 'object' || value === null) return '';
  const holder = value as Record<string, unknown>;
  return ['text', 'thinking', 'reasoning', 'content', 'summary'].reduce(
    (found, name) => found || readReasoning(holder[name]),
    '',
  );
}
