import { z } from 'zod';
import type { ServerKind } from './options.ts';
import type { UpstreamHttp } from './upstream-http.ts';

const versionSchema = z.object({ version: z.string() });
const buildSchema = z.object({ build_info: z.string() });

/** What a server says of its version; null where it says nothing. Never rejects. */
export async function versionOf(http: UpstreamHttp, kind: ServerKind): Promise<string | null> {
  try {
    if (kind === 'llamacpp') return buildSchema.parse((await http.ask('/props')).body).build_info;
    const path = kind === 'ollama' ? '/api/version' : '/version';
    return versionSchema.parse((await http.ask(path)).body).version;
  } catch {
    return null;
  }
}
