import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, interceptors, request } from 'undici';

/** A dead host or resolver must not hold up the next source. */
const CONNECT_MS = 5000;
const HEADERS_MS = 10_000;
/** Longest silence in the middle of a download. */
const IDLE_MS = 15_000;

/**
 * Downloads a URL to a file, going on where an earlier attempt on the same file was cut off. The caller checks the
 * content: a resumed file may be made of two versions.
 * @param headers for this host only: an authorization does not follow a redirect elsewhere.
 */
export async function httpDownload(
  url: string,
  partPath: string,
  onProgress: (receivedBytes: number, totalBytes: number | null) => void,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const agent = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_MS }, bodyTimeout: IDLE_MS });
  try {
    const have = await sizeOf(partPath);
    const answer = await open(url, have, agent, headers);
    if (answer.statusCode === 416) {
      // The file is complete already, or shorter than what we have: either way only a whole one tells.
      await answer.body.dump();
      await rm(partPath, { force: true });
      return await receive(await open(url, 0, agent, headers), partPath, 0, onProgress);
    }
    await receive(answer, partPath, answer.statusCode === 206 ? have : 0, onProgress);
  } finally {
    await agent.destroy();
  }
}

type Answer = Awaited<ReturnType<typeof request>>;

async function open(
  url: string,
  from: number,
  agent: EnvHttpProxyAgent,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const abort = new AbortController();
  // Covers what undici's own limits do not: a resolver that does not answer, a chain of slow redirects.
  const timer = setTimeout(() => abort.abort(new Error(`no answer in ${HEADERS_MS / 1000} s`)), HEADERS_MS);
  try {
    return await request(url, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 5 })),
      headers: { 'user-agent': 'ktpflow', ...headers, ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
      signal: abort.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function receive(
  answer: Answer,
  partPath: string,
  offset: number,
  onProgress: (receivedBytes: number, totalBytes: number | null) => void,
): Promise<void> {
  if (answer.statusCode !== 200 && answer.statusCode !== 206) {
    await answer.body.dump();
    throw new Error(`HTTP ${answer.statusCode}`);
  }
  const length = Number(answer.headers['content-length']);
  const total = Number.isFinite(length) && length > 0 ? offset + length : null;
  let received = offset;
  answer.body.on('data', (chunk: Buffer) => {
    received += chunk.length;
    onProgress(received, total);
  });
  await pipeline(answer.body, createWriteStream(partPath, { flags: offset > 0 ? 'a' : 'w', mode: 0o600 }));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
