import { asRecord } from './optional.ts';

/**
 * Text of what a model has thought: a string, an object that holds one (`text`, `thinking`, `reasoning`, `content`,
 * `summary`), or a list of such. Anything else is no text: an answer is not lost for it.
 */
export function thoughtText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(thoughtText).join('');
  const holder = asRecord(value);
  if (holder === null) return '';
  return ['text', 'thinking', 'reasoning', 'content', 'summary'].reduce(
    (found, name) => found || thoughtText(holder[name]),
    '',
  );
}
