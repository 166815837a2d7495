/**
 * A pattern of a JSON schema as JavaScript understands it. Schemas are made by libraries of other languages: what only
 * Python knows is translated where JavaScript has the like; a pattern that cannot be understood lets everything pass,
 * since the engine that is asked may well know it.
 */
export function compilePattern(given: string): { test(text: string): boolean } {
  const ignoresCase = /^\(\?[aimLsu]*i[aimLsu]*\)/.test(given);
  const pattern = given.replace(/^\(\?[aimLsu]+\)/, '');
  // JavaScript takes these for something else, without a complaint.
  if (FOREIGN.test(pattern)) return { test: () => true };
  for (const source of [withKnownForms(pattern), fromPython(withKnownForms(pattern))]) {
    // Without the flag, JavaScript takes escapes that mean nothing (`\-`), as other languages do.
    for (const flags of source.includes('\\p{') ? ['u'] : ['u', '']) {
      try {
        return new RegExp(source, ignoresCase ? `${flags}i` : flags);
      } catch {
        // The next form may do.
      }
    }
  }
  return { test: () => true };
}

/** Verbose patterns, quoted text, and classes of white space of other languages. */
const FOREIGN = /^\(\?[a-wyzA-Z]*x[a-zA-Z]*\)|\\[QhHRGX]/;
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  xdigit: 'A-Fa-f0-9',
};

/** Forms that JavaScript would read as plain text: `[[:alpha:]]`, `{,3}`. */
function withKnownForms(pattern: string): string {
  return pattern
    .replaceAll(
      /\[:(\w+):\]/g,
      (whole, name: string) => (Object.hasOwn(POSIX_CLASSES, name) && POSIX_CLASSES[name]) || whole,
    )
    .replaceAll(/(?<!\\)\{,(\d+)\}/g, '{0,$1}');
}

function fromPython(pattern: string): string {
  return pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll(/\\[Zz]/g, '$');
}
