/** What people paste behind the base: the endpoint of the chat, as documentation shows it. */
const ENDPOINT = /\/(chat\/completions|completions|models)$/;
/** Providers have versions of their own (`/api/v3`, `/v1beta/openai`): to these nothing is added. */
const VERSION = /\/v\d+(alpha|beta)?\d*(\/openai)?$/;

/** The base URL without /v1, which some write and some do not, and without what comes behind it. */
export function serverRoot(baseUrl: string): string {
  return withoutEndpoint(baseUrl).replace(/\/v1$/, '');
}

/** Below which chat completions and models are: with /v1, or with the version that is written there. */
export function apiRoot(baseUrl: string): string {
  const base = withoutEndpoint(baseUrl);
  return VERSION.test(base) ? base : `${base}/v1`;
}

function withoutEndpoint(baseUrl: string): string {
  return baseUrl.trim().replace(/\/+$/, '').replace(ENDPOINT, '').replace(/\/+$/, '');
}
