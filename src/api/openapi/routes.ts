import { join } from 'node:path';
import type { Express, RequestHandler, Response } from 'express';
import swaggerUiFolder from 'swagger-ui-dist/absolute-path.js';
import { stringify } from 'yaml';
import { requireKey } from '../access/authentication.ts';
import type { RouteContext } from '../context.ts';
import { route } from '../http/methods.ts';
import { createKtpSchema, createOpenApiDocument } from './document.ts';

/** Served from the package: no byte of the page comes from anywhere else. */
const SWAGGER_UI = swaggerUiFolder();
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;
const ASSET_MAX_AGE_SECONDS = 3600;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ktpflow API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null });\n`;
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

// Together they take a quarter of a second: at the first request, since most processes are never asked for them.
const openApiDocument = once(createOpenApiDocument);
const openApiYaml = once(() => {
  // Most readers still take YAML 1.1, where a plain `on` or `1:30` is no text.
  return stringify(openApiDocument(), { aliasDuplicateObjects: false, compat: 'yaml-1.1', lineWidth: 0 });
});
const ktpSchema = once(() => JSON.stringify(createKtpSchema()));

/** /openapi.json, /openapi.yaml, /docs and the schema of the result; with a key, once keys exist. */
export function documentation(app: Express, { authenticator }: Pick<RouteContext, 'authenticator'>): void {
  const key = requireKey(authenticator);
  const serve = (path: string, handler: RequestHandler) => route(app, path, { get: [key, handler] });

  serve('/openapi.json', (_request, response) => void response.json(openApiDocument()));
  serve('/openapi.yaml', (_request, response) => void response.type('application/yaml').send(openApiYaml()));
  serve('/schemas/ktp.json', (_request, response) => void response.type('application/schema+json').send(ktpSchema()));

  serve('/docs', (_request, response) => void withPolicy(response).type('html').send(PAGE));
  serve('/docs/start.js', (_request, response) => void response.type('js').send(START));
  for (const asset of ASSETS) {
    serve(`/docs/${asset}`, (_request, response, next) => {
      response.setHeader('cache-control', `private, max-age=${ASSET_MAX_AGE_SECONDS}`);
      response.sendFile(join(SWAGGER_UI, asset), { cacheControl: false }, (error?: Error) => {
        if (error && !response.headersSent) next(error);
      });
    });
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function withPolicy(response: Response): Response {
  return response.set('content-security-policy', POLICY);
}
