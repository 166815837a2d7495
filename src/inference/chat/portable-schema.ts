/**
 * A JSON schema in draft 2020-12, out of what clients send: drafts 3 to 7 (zod-to-json-schema, Swagger 2), OpenAPI 3.0
 * and Gemini's dialect. What means nothing in the new draft is left out; whatever else is wrong stays wrong.
 */

type Json = Readonly<Record<string, unknown>>;

/** Keywords whose value is a schema. */
const SCHEMA: ReadonlySet<string> = new Set([
  ...['additionalItems', 'additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not'],
  ...['propertyNames', 'then', 'unevaluatedItems', 'unevaluatedProperties'],
]);
/** … a list of schemas. */
const LIST: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
/** … schemas by name. */
const MAP: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Keywords that only describe: of another type than they should be they are left out. */
const TEXTS: ReadonlySet<string> = new Set(['$comment', 'contentEncoding', 'contentMediaType', 'description', 'title']);
const FLAGS: ReadonlySet<string> = new Set(['deprecated', 'readOnly', 'uniqueItems', 'writeOnly']);
/** Keywords that count; a count in a text is a writer's slip, anything else says nothing. */
const COUNTS: ReadonlySet<string> = new Set([
  ...['maxContains', 'maxItems', 'maxLength', 'maxProperties'],
  ...['minContains', 'minItems', 'minLength', 'minProperties'],
]);
/** Keywords that hold a number, or a flag in draft 4; Ajv's own writers point to other values (`$data`). */
const LIMITS: ReadonlySet<string> = new Set(['exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum']);
const ANCHORS: ReadonlySet<string> = new Set(['$anchor', '$dynamicAnchor']);

/** Names of types in programming languages, in databases, in Swagger and in OpenAPI generators. */
const TYPE_NAMES = new Map(
  Object.entries({
    array: ['list', 'set', 'tuple'],
    boolean: ['bool'],
    integer: ['bigint', 'int', 'int32', 'int64', 'long', 'short'],
    null: ['none'],
    number: ['decimal', 'double', 'float', 'numeric', 'real'],
    object: ['dict', 'map', 'record', 'struct'],
    string: ['char', 'date', 'date-time', 'datetime', 'file', 'str', 'text', 'time', 'uuid'],
  }).flatMap(([type, names]) => names.map((name) => [name, type] as const)),
);

/** @throws RangeError where it is nested too deeply */
export function toPortableSchema(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  // Its name says nothing to us, and older identifiers are refused.
  const { $schema: _dialect, id: _oldId, ...rest } = schema;
  const said = Object.entries(rest).filter(([keyword, value]) => isSaid(keyword, value));
  const inside = Object.fromEntries(said.map(([keyword, value]) => [keyword, inner(keyword, value)]));
  return withoutNullable(withoutOldLimits(withTuples(withTypes(withRequired(inside)))));
}

/** Whether a keyword means something: writers in many languages write what they do not set as null. */
function isSaid(keyword: string, value: unknown): boolean {
  if (value === null) return keyword === 'const' || keyword === 'default' || keyword === 'example';
  if (TEXTS.has(keyword)) return typeof value === 'string';
  if (FLAGS.has(keyword)) return typeof value === 'boolean';
  if (keyword === 'examples') return Array.isArray(value);
  if (keyword === '$id') return typeof value === 'string' && !value.startsWith('#');
  if (COUNTS.has(keyword)) return isCount(value);
  if (LIMITS.has(keyword)) return typeof value === 'number' || typeof value === 'boolean';
  if (keyword === 'multipleOf') return typeof value === 'number' && value > 0;
  if (ANCHORS.has(keyword)) return typeof value === 'string' && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value);
  if (keyword === 'format' || keyword === 'pattern') return typeof value === 'string';
  // Lists in which generators found nothing to write.
  if (keyword === 'enum' || LIST.has(keyword)) return Array.isArray(value) && value.length > 0;
  if (keyword === 'type') return value !== '' && !(Array.isArray(value) && value.length === 0);
  // A tuple of nothing, and lists of PHP where there is no name.
  if (keyword === 'items' || MAP.has(keyword)) return !Array.isArray(value) || value.length > 0;
  return keyword !== '$recursiveAnchor';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' ? Number.isInteger(value) && value >= 0 : /^\d{1,9}$/.test(String(value));
}

function inner(keyword: string, value: unknown): unknown {
  if (COUNTS.has(keyword)) return Number(value);
  if (SCHEMA.has(keyword)) return Array.isArray(value) ? value.map(toPortableSchema) : toPortableSchema(value);
  if (LIST.has(keyword) && Array.isArray(value)) return value.map(toPortableSchema);
  if (keyword === 'dependencies' && isObject(value)) {
    const entries = Object.entries(value).map(([name, dependent]) => [name, toPortableSchema(dependent)]);
    return Object.fromEntries(entries);
  }
  if (MAP.has(keyword) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, toPortableSchema(schema ?? true)]));
  }
  return value;
}

/** Draft 3 wrote `required: true` into the property. */
function withRequired(schema: Json): Json {
  const { required, ...rest } = schema;
  if (Array.isArray(required)) return { ...rest, required: [...new Set(required)] };
  return typeof required === 'boolean' ? rest : schema;
}

/** Gemini writes types in capitals, Python has names of its own, draft 3 knew `any`. */
function withTypes(schema: Json): Json {
  const { type, ...rest } = schema;
  if (typeof type === 'string') return type.toLowerCase() === 'any' ? rest : { ...rest, type: lowerCase(type) };
  return Array.isArray(type) ? { ...rest, type: type.map(lowerCase) } : schema;
}

function lowerCase(type: unknown): unknown {
  if (typeof type !== 'string') return type;
  const name = type === type.toUpperCase() ? type.toLowerCase() : type;
  return TYPE_NAMES.get(name) ?? name;
}

/** Before 2020-12 a list of schemas under `items` was a tuple. */
function withTuples(schema: Json): Json {
  const { additionalItems, items, ...rest } = schema;
  if (!Array.isArray(items)) return schema;
  return { ...rest, prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) };
}

/** Up to draft 4 an exclusive limit was a flag beside the limit. */
function withoutOldLimits(schema: Json): Json {
  const changed: Record<string, unknown> = { ...schema };
  for (const [limit, flag] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof changed[flag] !== 'boolean') continue;
    const isExclusive = changed[flag] === true && changed[limit] !== undefined;
    if (isExclusive) changed[flag] = changed[limit];
    else delete changed[flag];
    if (isExclusive) delete changed[limit];
  }
  return changed;
}

/** OpenAPI 3.0 has a flag for values that may be null. */
function withoutNullable(schema: Json): Json {
  const { nullable, ...rest } = schema;
  if (typeof nullable !== 'boolean') return schema;
  if (!nullable) return rest;
  const { $defs, definitions, ...own } = rest;
  const { enum: allowed, type } = rest;
  // The flag stands beside what is said elsewhere.
  if ('$ref' in rest || 'allOf' in rest || 'anyOf' in rest || 'oneOf' in rest) {
    return {
      ...($defs !== undefined && { $defs }),
      ...(definitions !== undefined && { definitions }),
      anyOf: [own, { type: 'null' }],
    };
  }
  const types = typeof type === 'string' ? [type] : type;
  return {
    ...rest,
    ...(Array.isArray(types) && { type: types.includes('null') ? types : [...types, 'null'] }),
    ...(Array.isArray(allowed) && !allowed.includes(null) && { enum: [...allowed, null] }),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
