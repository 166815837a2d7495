import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { idempotencyHeaderSchema } from '../extractions/request-schema.ts';
import { openAiPageObjectSchema } from '../http/openai-pagination.ts';
import { errorResponses } from '../openapi/responses.ts';
import { deletedFileSchema, FILES_PATH, fileFieldsSchema, fileListQuerySchema, fileSchema } from './schemas.ts';

const tags = ['Files'];
const path = z.object({ id: z.string() });
const binary = z.string().meta({ format: 'binary' });
const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

export const filePaths: ZodOpenApiPathsObject = {
  [FILES_PATH]: {
    post: {
      tags,
      summary: 'Hand a file in, for batches and as input of extractions',
      requestParams: { header: idempotencyHeaderSchema },
      requestBody: {
        required: true,
        content: { 'multipart/form-data': { schema: fileFieldsSchema.extend({ file: binary }) } },
      },
      responses: {
        200: { description: 'The file.', content: json(fileSchema) },
        ...errorResponses(400, 401, 403, 413, 422, 503),
      },
    },
    get: {
      tags,
      summary: 'List files',
      requestParams: { query: fileListQuerySchema },
      responses: {
        200: { description: 'A page of files.', content: json(openAiPageObjectSchema(fileSchema)) },
        ...errorResponses(400, 401, 403, 503),
      },
    },
  },
  [`${FILES_PATH}/{id}`]: {
    get: {
      tags,
      summary: 'Describe a file',
      requestParams: { path },
      responses: {
        200: { description: 'The file.', content: json(fileSchema) },
        ...errorResponses(401, 403, 404, 503),
      },
    },
    delete: {
      tags,
      summary: 'Delete a file at once',
      requestParams: { path },
      responses: {
        200: { description: 'Deleted.', content: json(deletedFileSchema) },
        ...errorResponses(401, 403, 404, 503),
      },
    },
  },
  [`${FILES_PATH}/{id}/content`]: {
    get: {
      tags,
      summary: "A file's content",
      requestParams: { path },
      responses: {
        200: { description: 'The bytes.', content: { 'application/octet-stream': { schema: binary } } },
        ...errorResponses(401, 403, 404, 503),
      },
    },
  },
};
