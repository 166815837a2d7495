import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Built by scripts/build.mjs; the same path from src/api/console and dist/api/console. */
const FOLDER = fileURLToPath(new URL('../../../dist/console', import.meta.url));
/** Pictures are compressed as they are. */
const TEXT = new Set(['.css', '.js']);

export interface Asset {
  readonly bytes: Buffer;
  /** The same compressed, where that is worth it. */
  readonly gzip: Buffer | null;
}

export interface PageFiles {
  readonly html: string;
  /** By name: what it is, read and compressed once. */
  readonly asset: (name: string) => Asset | undefined;
}

/** The built page; null where it was not built. */
export function findPage(folder = FOLDER): PageFiles | null {
  try {
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    const names = new Set(readdirSync(join(folder, 'assets')));
    const known = new Map<string, Asset>();
    const asset = (name: string): Asset | undefined => {
      if (!names.has(name)) return undefined;
      const bytes = known.get(name)?.bytes ?? readFileSync(join(folder, 'assets', name));
      const found = known.get(name) ?? { bytes, gzip: TEXT.has(extname(name)) ? gzipSync(bytes, { level: 9 }) : null };
      known.set(name, found);
      return found;
    };
    return { html, asset };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
