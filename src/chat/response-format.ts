import { z } from 'zod';
import { asRecord, optional } from './optional.ts';

/** Name of a schema that its caller gave none. */
const NAMELESS = 'schema';

const schemaSchema = z.record(z.string(), z.unknown());

/** A schema, or its text, which is how some servers take it. */
export const schemaOrTextSchema = z.union([
  schemaSchema,
  z.string().transform((text, context) => {
    try {
      return schemaSchema.parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a JSON schema' });
      return z.NEVER;
    }
  }),
]);
/** Words of which a schema has at least one; nothing else that may stand in `json_schema` has them. */
const SCHEMA_WORDS = ['properties', '$ref', '$defs', 'anyOf', 'oneOf', 'allOf', 'enum', 'items', 'type'] as const;

export const responseFormatSchema = z.preprocess(
  toKnownFormat,
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('text') }),
    z.object({ type: z.literal('json_object') }),
    z.object({
      type: z.literal('json_schema'),
      json_schema: z.object({
        name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1-64 of A-Z, a-z, 0-9, _ and -'),
        description: optional(z.string()),
        schema: optional(schemaOrTextSchema),
        strict: optional(z.boolean()),
      }),
    }),
  ]),
);

/** The form that an answer must have. */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly name: string; readonly schema: Readonly<Record<string, unknown>> };

/**
 * llama.cpp, Together and TGI (`value`) put the schema beside the type, some leave out the name, some put it in the place
 * of all.
 */
function toKnownFormat(value: unknown): unknown {
  const format = asRecord(value);
  if (!format) return value;
  const { json_schema: given, value: ofTgi } = format;
  const type = format.type === 'json' ? 'json_object' : format.type;
  const described = asRecord(given);
  const schema = asRecord(format.schema) ?? asRecord(ofTgi);
  if (
    type === 'json_schema' &&
    described &&
    !('schema' in described) &&
    SCHEMA_WORDS.some((word) => word in described)
  ) {
    return { type, json_schema: { name: NAMELESS, schema: described } };
  }
  if ((type === 'json_object' || (type === 'json_schema' && !described)) && schema) {
    return { type: 'json_schema', json_schema: { name: NAMELESS, schema } };
  }
  if (type === 'json_schema' && described) {
    return { ...format, json_schema: { ...described, name: described.name ?? NAMELESS } };
  }
  return { ...format, type };
}

/** The format that a checked `response_format` asks for. */
export function formatOf(format: z.output<typeof responseFormatSchema> | undefined): ResponseFormat {
  if (format?.type !== 'json_schema') return { type: format?.type ?? 'text' };
  const { name, schema } = format.json_schema;
  return { type: 'json_schema', name, schema: schema ?? {} };
}

/** A schema that came by another field than `response_format`. */
export function formatOfSchema(schema: Readonly<Record<string, unknown>>): ResponseFormat {
  return { type: 'json_schema', name: NAMELESS, schema };
}
