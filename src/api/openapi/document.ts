import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { createDocument, type oas31, type ZodOpenApiPathsObject } from 'zod-openapi';
import {
  alternativeSchema,
  characterSchema,
  checkSchema,
  fieldSchema,
  ktpResultSchema,
  qualitySchema,
} from '../../ktp/schema.ts';
import { adminKeyPaths } from '../admin-keys/openapi.ts';
import { batchPaths } from '../batches/openapi.ts';
import { chatPaths } from '../chat/openapi.ts';
import { chatBatchPaths } from '../chat-batches/openapi.ts';
import { erasurePaths } from '../erasures/openapi.ts';
import { extractionPaths, ktpOcrPaths } from '../extractions/openapi.ts';
import { filePaths } from '../files/openapi.ts';
import { healthPaths } from '../health/openapi.ts';
import { mcpPaths } from '../mcp/openapi.ts';
import { responsePaths } from '../responses/openapi.ts';
import { reviewPaths } from '../reviews/openapi.ts';
import { subjectPaths } from '../subjects/openapi.ts';
import { webhookPaths } from '../webhooks/openapi.ts';

/** package.json stands beside src/ and dist/ alike. */
export const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')));

export const PATHS: ZodOpenApiPathsObject = {
  ...ktpOcrPaths,
  ...extractionPaths,
  ...batchPaths,
  ...reviewPaths,
  ...chatPaths,
  ...responsePaths,
  ...mcpPaths,
  ...filePaths,
  ...chatBatchPaths,
  ...webhookPaths,
  ...adminKeyPaths,
  ...subjectPaths,
  ...erasurePaths,
  ...healthPaths,
};

/** What a card's result is made of, each named once: written out at every field it would be most of the document. */
const RESULT_PARTS = {
  KtpField: fieldSchema,
  KtpCharacter: characterSchema,
  KtpAlternative: alternativeSchema,
  KtpCheck: checkSchema,
  KtpQuality: qualitySchema,
};

/** The OpenAPI 3.1 document, made from the schemas that check the requests. */
export function createOpenApiDocument(): oas31.OpenAPIObject {
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'ktpflow',
        version: VERSION,
        description: 'Reads Indonesian identity cards (KTP) as durable workflows.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      security: [{ key: [] }],
      paths: PATHS,
      components: {
        schemas: { KtpResult: ktpResultSchema, ...RESULT_PARTS },
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'Needed as soon as the server has a key.' },
        },
      },
    },
    { override: ({ jsonSchema }) => writeTupleAsArray(jsonSchema) },
  );
  return nameAnswersOnly(document, Object.keys(RESULT_PARTS));
}

/** No request has these parts: what they are in requests goes, and what they are in answers has the plain name. */
function nameAnswersOnly(document: oas31.OpenAPIObject, names: readonly string[]): oas31.OpenAPIObject {
  const others = Object.entries(document.components?.schemas ?? {}).filter(([name]) => !names.includes(name));
  const named = { ...document, components: { ...document.components, schemas: Object.fromEntries(others) } };
  const text = names.reduce(
    (written, name) => written.replaceAll(`/${name}Output"`, `/${name}"`).replaceAll(`"${name}Output":`, `"${name}":`),
    JSON.stringify(named),
  );
  return JSON.parse(text) as oas31.OpenAPIObject;
}

/** A tuple of equal items, such as a box, as an array of that length: many readers of documents know no `prefixItems`. */
function writeTupleAsArray(schema: z.core.JSONSchema.BaseSchema): void {
  const { prefixItems: items } = schema;
  if (!Array.isArray(items) || new Set(items.map((item) => JSON.stringify(item))).size !== 1) return;
  delete schema.prefixItems;
  Object.assign(schema, { items: items[0], minItems: items.length, maxItems: items.length });
}

/** JSON Schema of the full result: what `response_format` names as `ktp`. */
export function createKtpSchema() {
  return { title: 'ktp', ...z.toJSONSchema(ktpResultSchema) };
}
