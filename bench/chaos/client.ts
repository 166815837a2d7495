import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../../deploy/local-cluster/cluster.ts';

/** What a careful client repeats: the cluster says that it cannot right now, or the way to it broke. */
const REPEATED = new Set([429, 500, 502, 503, 504]);
const PAUSE_MS = 500;
const ANSWER_MS = 140_000;
/** Longer than any fault with what follows it; a client that waits for longer has lost its work. */
export const PATIENCE_MS = 300_000;

/** A caller behind nginx, who counts what he is answered. */
export class Client {
  readonly url: string;
  readonly #key: string;
  /** Answers by status and code, `broken` for connections that ended without one. */
  readonly answers = new Map<string, number>();
  /** When and where connections ended without an answer, and why. */
  readonly breaks: string[] = [];
  /** What must not be, in words; 500 says that the cluster does not know what happened. */
  readonly surprises: string[] = [];

  constructor({ url, key }: Pick<LocalCluster, 'url' | 'key'>) {
    this.url = url;
    this.#key = key;
  }

  /** One request; undefined when the connection broke. */
  async once(path: string, init: RequestInit = {}): Promise<Response | undefined> {
    const headers = { authorization: `Bearer ${this.#key}`, ...init.headers };
    // Until it begins to answer: a stream may go on for as long as it says something.
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), ANSWER_MS);
    try {
      const response = await fetch(`${this.url}${path}`, { signal: waiting.signal, ...init, headers });
      const code = response.status < 400 ? '' : await codeOf(response.clone());
      this.#count(`${response.status} ${code}`.trim());
      if (response.status === 500) this.surprises.push(`500 ${code} of ${init.method ?? 'GET'} ${template(path)}`);
      return response;
    } catch (error) {
      this.#count('broken');
      this.breaks.push(`${new Date().toISOString()} ${init.method ?? 'GET'} ${template(path)}: ${causeOf(error)}`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Repeats it until it is answered by something else than "not now". @throws Error after {@link PATIENCE_MS} */
  async patiently(path: string, init: () => RequestInit = () => ({})): Promise<Response> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
      const response = await this.once(path, init());
      if (response && !REPEATED.has(response.status)) return response;
      await response?.body?.cancel();
      if (Date.now() > deadline)
        throw new Error(`no answer of ${template(path)}, at last ${response?.status ?? 'broken'}`);
    }
  }

  /** Its JSON; a body that is cut off on the way counts as no answer. */
  async json<Body>(
    path: string,
    init: () => RequestInit = () => ({}),
    expected: readonly number[] = [200],
  ): Promise<Body> {
    for (;;) {
      const response = await this.patiently(path, init);
      const text = await response.text().catch(() => undefined);
      if (text === undefined) continue;
      if (!expected.includes(response.status)) throw new Error(`${response.status} of ${template(path)}: ${text}`);
      return JSON.parse(text) as Body;
    }
  }

  #count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}

async function codeOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error?: { code?: string } }).error?.code ?? '';
  } catch {
    // nginx answers in HTML.
    return 'of nginx';
  }
}

/** Of a request that was not answered: fetch says the reason in its cause only. */
function causeOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return cause instanceof Error ? `${'code' in cause ? `${cause.code} ` : ''}${cause.message}` : String(cause);
}

/** The path without what is particular to one record. */
function template(path: string): string {
  return path.replace(/\?.*/, '').replace(/[0-9a-f-]{16,}|chaos-[\w-]+/g, '{id}');
}
