/**
 * A pattern of a JSON schema as JavaScript understands it. Schemas are made by libraries of other languages: what only
 * Python knows is translated where JavaScript has the like; a pattern that cannot be understood lets everything pass,
 * since the engine that is asked may well know it.
 */
export function compilePattern(pattern: string): { test(text: string): boolean } {
  for (const source of [pattern, fromPython(pattern)]) {
    // Without the flag, JavaScript takes escapes that mean nothing (`\-`), as other languages do.
    for (const flags of source.includes('\\p{') ? ['u'] : ['u', '']) {
      try {
        return new RegExp(source, flags);
      } catch {
        // The next form may do.
      }
    }
  }
  return { test: () => true };
}

function fromPython(pattern: string): string {
  return pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll(/\\[Zz]/g, '$')
    .replace(/^\(\?[aiLmsux]+\)/, '');
}
