import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createOpenApiDocument } from '../../../src/api/openapi/document.ts';
import { clientDocument, operationName } from '../../../tools/generate-clients/client-document.ts';
import { documentHash, HASH_FILE } from '../../../tools/generate-clients/document-hash.ts';

it('the clients are made from the OpenAPI document of today: else npm run clients:generate', async () => {
  expect((await readFile(HASH_FILE, 'utf8')).trim()).toBe(documentHash());
});

it('no two operations have the same name', () => {
  const names = Object.entries(clientDocument(createOpenApiDocument()).paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item).map((method) => operationName(method, path)),
  );
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
