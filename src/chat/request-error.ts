import type { z } from 'zod';
import { KtpflowError } from '../errors.ts';

type Issue = z.core.$ZodIssue | { code: 'custom'; path: PropertyKey[]; message: string };

/** Turns the first issue of a body into the error that the caller sees; never quotes a value of the body. */
export function requestError(issues: readonly Issue[]): KtpflowError {
  const [first] = issues;
  if (!first) return new KtpflowError('invalid_value', 'The body is not valid.');
  const { path, issue } = deepest(first);
  const param = path.reduce<string>(
    (text, key) => text + (typeof key === 'number' ? `[${key}]` : `${text && '.'}${String(key)}`),
    '',
  );
  if (param === 'messages' && issue.code === 'too_small') {
    return new KtpflowError('empty_messages', 'messages must not be empty.', { param });
  }
  if (issue.code === 'invalid_union' && /\.content\[\d+\]\.type$/.test(param)) {
    return new KtpflowError('unsupported_content_part', `${param} is not a kind of part that is supported.`, { param });
  }
  return new KtpflowError('invalid_value', `${param || 'The body'}: ${issue.message}.`, param ? { param } : {});
}

/** Of the branches of a union, the one that got furthest tells what is wrong. */
function deepest(issue: Issue, parents: readonly PropertyKey[] = []): { path: readonly PropertyKey[]; issue: Issue } {
  const path = [...parents, ...issue.path];
  if (issue.code !== 'invalid_union') return { path, issue };
  const inner = issue.errors.flatMap((branch) => branch.slice(0, 1)).map((first) => deepest(first, path));
  return inner.reduce((best, next) => (next.path.length > best.path.length ? next : best), { path, issue });
}
