const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;
/** Words that YAML 1.1 readers take for something else than a string. */
const RESERVED = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** Writes JSON data as block-style YAML 1.2; strings stay double-quoted as in JSON, of which YAML is a superset. */
export function toYaml(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

/** The lines of a value, without the indentation of where it stands. */
function lines(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item) => {
      const [first = '', ...rest] = lines(item);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .flatMap(([key, item]) => {
        const inner = lines(item);
        const name = PLAIN_KEY.test(key) && !RESERVED.test(key) ? key : JSON.stringify(key);
        if (isBlock(item)) return [`${name}:`, ...inner.map((line) => `  ${line}`)];
        return [`${name}: ${inner.join('')}`];
      });
  }
  return [JSON.stringify(value)];
}

function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
