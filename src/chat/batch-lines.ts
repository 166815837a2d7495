/**
 * The input of a batch of chat requests: JSON Lines as OpenAI defines them, `{custom_id, method, url, body}` each. Pure:
 * bytes in, lines and what is wrong with them out. Messages never quote the file.
 */

/** A fault of an input file, as OpenAI shows it in `errors.data`. */
export interface BatchInputError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  /** From 1; null: it concerns the whole file. */
  readonly line: number | null;
}

/** A line of a file; blank ones are left out, and counted. */
export interface FileLine {
  /** From 1. */
  readonly line: number;
  /** In bytes from the file's start. */
  readonly position: number;
  readonly length: number;
  /** null: longer than the limit. */
  readonly bytes: Uint8Array | null;
}

const NEWLINE = 0x0a;
const MAX_CUSTOM_ID_LENGTH = 512;

/** Splits a file while it is read, however its parts are cut; holds one line at a time. */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  { maxBytes }: { maxBytes: number },
): AsyncGenerator<FileLine, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let position = 0;
  let line = 1;
  const take = (part: Uint8Array): void => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
    else parts = [];
  };
  const end = (): FileLine | undefined => {
    const bytes = length > maxBytes ? null : Buffer.concat(parts);
    const found = { line, position, length, bytes };
    position += length + 1;
    line++;
    parts = [];
    length = 0;
    return bytes !== null && isBlank(bytes) ? undefined : found;
  };
  for await (const part of source) {
    let from = 0;
    for (let to = part.indexOf(NEWLINE); to >= 0; to = part.indexOf(NEWLINE, from)) {
      take(part.subarray(from, to));
      from = to + 1;
      const found = end();
      if (found) yield found;
    }
    take(part.subarray(from));
  }
  const last = length > 0 ? end() : undefined;
  if (last) yield last;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** The JSON of a line; undefined where it is none. A byte order mark may stand before it. */
export function parseLine(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export type CheckedLine = { readonly customId: string } | { readonly error: BatchInputError };

/**
 * Checks what makes a line a request of this batch. Whether its body is a valid request is found out when its turn comes,
 * and concerns this line alone.
 * @param seen the custom_ids of the lines before; this one's is added
 */
export function checkLine({ bytes, line }: FileLine, endpoint: string, seen: Set<string>): CheckedLine {
  const wrong = (code: string, param: string | null, message: string): CheckedLine => ({
    error: { code, message, param, line },
  });
  if (bytes === null) return wrong('line_too_long', null, 'The line is longer than this server accepts.');
  const value = parseLine(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return wrong('invalid_json_line', null, 'The line is not a JSON object.');
  }
  const { custom_id: customId, method, url, body } = value as Record<string, unknown>;
  for (const [param, given] of Object.entries({ custom_id: customId, method, url, body })) {
    if (given === undefined || given === null) {
      return wrong('missing_required_parameter', param, `The line lacks "${param}".`);
    }
  }
  if (typeof customId !== 'string' || customId === '' || customId.length > MAX_CUSTOM_ID_LENGTH) {
    return wrong('invalid_custom_id', 'custom_id', `Must be a text of 1 to ${MAX_CUSTOM_ID_LENGTH} characters.`);
  }
  if (method !== 'POST') return wrong('invalid_method', 'method', 'Must be "POST".');
  if (url !== endpoint) return wrong('mismatched_endpoint', 'url', 'Must be the endpoint of the batch.');
  if (typeof body !== 'object' || Array.isArray(body)) return wrong('invalid_body', 'body', 'Must be a JSON object.');
  if (seen.has(customId)) return wrong('duplicate_custom_id', 'custom_id', 'Another line has the same custom_id.');
  seen.add(customId);
  return { customId };
}
