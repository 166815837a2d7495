import { createHash } from 'node:crypto';
import { createOpenApiDocument } from '../../src/api/openapi/document.ts';
import { clientDocument } from './client-document.ts';

/** Where the hash of the document stands that the clients were made from. */
export const HASH_FILE = new URL('../../clients/openapi.sha256', import.meta.url);

/** Hex SHA-256 of what clients are made from; a new version of the server alone changes nothing. */
export function documentHash(): string {
  const { components, paths } = clientDocument(createOpenApiDocument());
  return createHash('sha256').update(JSON.stringify({ components, paths })).digest('hex');
}
