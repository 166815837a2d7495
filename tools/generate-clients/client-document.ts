import type { oas31 } from 'zod-openapi';

/**
 * The part of the OpenAPI document that clients are made of: what is ours. Chats, responses and batches of them are
 * called by OpenAI's own SDKs, and a second client of the same would only be a worse one.
 */
const TAGS = new Set(['KTP', 'Extractions', 'Batches', 'Reviews', 'Webhooks', 'Keys', 'Privacy', 'Files', 'Health']);
const OPENAI_PATHS = /^\/v1\/(chat|responses)/;
const METHODS = ['get', 'post', 'delete'] as const;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The document for the generators: operations with names, one shape of errors, no schema that nothing names. */
export function clientDocument(document: oas31.OpenAPIObject): oas31.OpenAPIObject {
  const paths: oas31.PathsObject = {};
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation?.tags?.some((tag) => TAGS.has(tag)) || OPENAI_PATHS.test(path)) return [];
      return [[method, { ...nameErrorsOnce(operation), operationId: operationName(method, path) }]];
    });
    if (operations.length > 0) paths[path] = Object.fromEntries(operations);
  }
  const schemas = (document.components?.schemas ?? {}) as Record<string, Json>;
  const named = referencedSchemas(paths as Json, schemas);
  return {
    ...document,
    paths,
    components: {
      ...document.components,
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => named.has(name))) as Record<
        string,
        oas31.SchemaObject
      >,
    },
  };
}

/** `cancelExtraction`, `listBatchItems`: what a person would call it. */
export function operationName(method: string, path: string): string {
  const segments = path.split('/').filter((part) => part !== '' && !['v1', 'ktp', 'admin'].includes(part));
  const isParameter = (part: string | undefined) => part?.startsWith('{') === true;
  const last = segments.at(-1);
  const words = segments.filter((part) => !isParameter(part));
  const inside = words.slice(0, -1).map(singular);
  const end = words.at(-1) ?? '';
  const verbs: Record<string, string> = { get: isParameter(last) ? 'get' : 'list', post: 'create', delete: 'delete' };
  const verb = verbs[method] ?? method;
  if (isParameter(last)) return camelCase([verb, ...inside, singular(end)]);
  const isAction = method === 'post' && segments.some(isParameter) && end !== 'items';
  if (isAction) return camelCase([end, ...inside]);
  if (verb === 'list' && !end.endsWith('s')) return camelCase(['get', ...inside, end]);
  return camelCase([verb, ...inside, verb === 'create' ? singular(end) : end]);
}

function singular(word: string): string {
  return word
    .replace(/ies$/, 'y')
    .replace(/(ch)es$/, '$1')
    .replace(/s$/, '');
}

function camelCase(words: readonly string[]): string {
  const parts = words.flatMap((word) => word.split(/[^A-Za-z0-9]+/)).filter((word) => word !== '');
  return parts.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

/** Every error has the same body: one `default` says so for all statuses. */
function nameErrorsOnce<Operation extends oas31.OperationObject>(operation: Operation): Operation {
  const responses = Object.entries(operation.responses ?? {});
  const errors = responses.filter(([status]) => /^[45]/.test(status));
  const others = responses.filter(([status]) => !/^[45]/.test(status));
  const [, error] = errors[0] ?? [];
  const fallback = error ? { default: { ...error, description: 'An error.' } } : {};
  return { ...operation, responses: { ...Object.fromEntries(others), ...fallback } };
}

function referencedSchemas(root: Json, schemas: Readonly<Record<string, Json>>): ReadonlySet<string> {
  const named = new Set<string>();
  const visit = (value: Json): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const schema = schemas[name];
      if (named.has(name) || schema === undefined) continue;
      named.add(name);
      visit(schema);
    }
  };
  visit(root);
  return named;
}
