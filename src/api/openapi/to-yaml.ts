const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;
/** Words that YAML 1.1 readers take for something else than a string. */
const RESERVED = /^(y|n|yes|no|on|off|true|false|null|~)$/i;

/** Writes JSON data as block-style YAML 1.2; strings stay double-quoted as in JSON, of which YAML is a superset. */
export function toYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item) => `\n${indent}- ${toYaml(item, `${indent}  `).replace(/^\n\s*/, '')}`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return '{}';
    return entries.map(([key, item]) => `\n${indent}${yamlKey(key)}: ${toYaml(item, `${indent}  `)}`).join('');
  }
  return JSON.stringify(value);
}

function yamlKey(key: string): string {
  return PLAIN_KEY.test(key) && !RESERVED.test(key) ? key : JSON.stringify(key);
}
