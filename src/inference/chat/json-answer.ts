import { jsonrepair } from 'jsonrepair';
import type { SchemaCheck } from './json-schema.ts';

export type JsonAnswer =
  /** `text` is the JSON to show: the answer itself where that is valid already. */
  | { readonly kind: 'valid'; readonly text: string; readonly repaired: boolean }
  /** What is wrong, for asking again. */
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Finds the JSON in a model's answer: the answer itself, else what stands in a code fence or between the outermost
 * brackets, as it is or repaired (quotes, commas, comments; not values). The first one that satisfies the check wins.
 * For whole answers only: of one that was cut off, a repair would invent the end.
 */
export async function readJsonAnswer(text: string, check: SchemaCheck): Promise<JsonAnswer> {
  let problem = 'it is not JSON';
  for (const candidate of candidates(text)) {
    const value = parse(candidate.text);
    if (value === undefined) continue;
    const found = await check(value.json);
    if (found === null) {
      const whole = candidate.text === text;
      return { kind: 'valid', text: whole ? text : candidate.text.trim(), repaired: !whole };
    }
    problem = found;
    // A value that was found by repairing may be nonsense; what is wrong with the answer itself is told instead.
    if (!candidate.repaired) break;
  }
  return { kind: 'invalid', problem };
}

function* candidates(text: string): Generator<{ text: string; repaired: boolean }> {
  yield { text, repaired: false };
  const parts = [fenced(text), bracketed(text, '{', '}'), bracketed(text, '[', ']')];
  const found = [...new Set(parts.filter((part) => part !== null))];
  for (const part of found) yield { text: part, repaired: false };
  for (const part of found) {
    const repaired = repair(part);
    if (repaired !== null) yield { text: repaired, repaired: true };
  }
}

function fenced(text: string): string | null {
  return /```(?:json)?\s*\n([\s\S]*?)\n\s*```/i.exec(text)?.[1] ?? null;
}

function bracketed(text: string, open: string, close: string): string | null {
  const from = text.indexOf(open);
  const to = text.lastIndexOf(close);
  return from >= 0 && to > from ? text.slice(from, to + 1) : null;
}

function repair(text: string): string | null {
  try {
    return jsonrepair(text);
  } catch {
    return null;
  }
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
