import type { z } from 'zod';
import { KtpflowError } from '../../errors.ts';
import { invalidValue } from '../http/errors.ts';

/** A text field that holds JSON; null where it is absent, empty or `null`. */
export function parseJsonField<Schema extends z.ZodType>(
  fields: ReadonlyMap<string, string>,
  name: string,
  schema: Schema,
): z.infer<Schema> | null {
  // Programs of Windows begin a text with a byte order mark.
  const text = fields.get(name)?.replace(/^\ufeff/, '');
  if (text === undefined || text.trim() === '') return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KtpflowError('invalid_json', `The field "${name}" is not valid JSON.`, { param: name });
  }
  const parsed = schema.nullable().safeParse(json);
  if (!parsed.success) throw invalidValue(parsed.error, [name]);
  return parsed.data;
}
