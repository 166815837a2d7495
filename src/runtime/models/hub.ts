import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { z } from 'zod';

/** A file of a repository, as the hub describes it. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** sha256 of large files; of small ones git's own hash of a blob. */
  readonly checksum: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface HubOptions {
  /** HF_ENDPOINT: the hub, or a mirror of it. */
  readonly endpoint: string;
  readonly token?: string;
}

/** A fault of the hub or the way to it; the message is for people. */
export class HubError extends Error {}

const treeSchema = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    size: z.number(),
    oid: z.string(),
    lfs: z.looseObject({ oid: z.string(), size: z.number() }).optional(),
  }),
);

const TIMEOUT_MS = 20_000;

export function hubHeaders({ token }: HubOptions): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

export function fileUrl(id: string, revision: string, path: string, { endpoint }: HubOptions): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/${encoded}`;
}

/**
 * The files of a repository at a revision.
 * @throws HubError
 */
export async function listFiles(id: string, revision: string, options: HubOptions): Promise<HubFile[]> {
  const files: HubFile[] = [];
  const first = `${options.endpoint}/api/models/${id}/tree/${encodeURIComponent(revision)}?recursive=true`;
  for (let url: string | null = first; url !== null; ) {
    const response = await ask(url, id, options);
    const tree = treeSchema.safeParse(await response.json().catch(() => null));
    if (!tree.success) throw new HubError(`${options.endpoint} does not answer as a model hub does`);
    for (const { type, path, size, oid, lfs } of tree.data) {
      if (type !== 'file') continue;
      const checksum = lfs ? ({ kind: 'sha256', hex: lfs.oid } as const) : ({ kind: 'git', hex: oid } as const);
      files.push({ path, bytes: lfs?.size ?? size, checksum });
    }
    url = nextPage(response.headers.get('link'), options.endpoint);
  }
  return files;
}

async function ask(url: string, id: string, options: HubOptions): Promise<Response> {
  const dispatcher = new EnvHttpProxyAgent();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { headers: hubHeaders(options), signal, dispatcher }).catch((cause: unknown) => {
    throw new HubError(unreachable(options.endpoint), { cause });
  });
  if (response.ok) return response;
  throw new HubError(refusal(response.status, id, options));
}

export function unreachable(endpoint: string): string {
  return `${endpoint} cannot be reached. On a closed network set HF_ENDPOINT to a mirror, or copy the folder of a model from another machine and set VLM_MODEL_DIR to it`;
}

function refusal(status: number, id: string, { endpoint, token }: HubOptions): string {
  if (status === 401 || status === 403) {
    return token
      ? `${endpoint} does not let this HF_TOKEN read ${id}`
      : `${id} does not exist, or needs a token: set HF_TOKEN`;
  }
  return status === 404
    ? `${id} does not exist at ${endpoint}, or not in this revision`
    : `${endpoint} answers HTTP ${status}`;
}

/** A mirror's links may name the hub itself; only the query is taken from them. */
function nextPage(link: string | null, endpoint: string): string | null {
  const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (next === undefined) return null;
  const { pathname, search } = new URL(next, endpoint);
  return `${endpoint}${pathname}${search}`;
}
