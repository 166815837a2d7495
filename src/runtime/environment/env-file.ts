import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, environmentSchema } from '../../config.ts';

/** `PORT: 3000`, as dotenv and compose files have it; only our own names, since text may hold such lines, too. */
const WITH_COLON = new RegExp(
  `^([ \\t]*(?:export[ \\t]+)?(?:${Object.keys(environmentSchema.shape).join('|')}))[ \\t]*:[ \\t]`,
  'gm',
);

/**
 * The variables of a `.env` file, in Node's own dialect (quotes, `export`, comments, CRLF); empty where no file is.
 * A byte order mark is left out, and what Windows PowerShell writes (UTF-16) is read, too.
 * @throws ConfigError in one line for a file that is there and cannot be read
 */
export function readEnvFile(path: string): Readonly<Record<string, string>> {
  // A folder of that name is somebody's Python.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return {};
  try {
    const bytes = readFileSync(path);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    const text = bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
    const variables: Record<string, string> = {};
    for (const [name, value] of Object.entries(parseEnv(text.replaceAll(WITH_COLON, '$1=')))) {
      if (value !== undefined) variables[ownName(name)] = value;
    }
    return variables;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is damaged';
    throw new ConfigError(`${path} cannot be read (${code}): give this user the right to, or move it away`);
  }
}

/** A line without `=` is none: Node takes it for the beginning of the next one's name. */
function ownName(name: string): string {
  const line = name.split(/[\r\n]+/).at(-1) ?? name;
  return line.trim().replace(/^export\s+/, '');
}
