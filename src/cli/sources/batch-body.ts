import { open, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { FormData } from 'undici';
import type { SendOptions } from '../api-client.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { filesOf } from './folder.ts';
import { isUrl, type ManifestRow, readManifest } from './manifest.ts';
import { openFile } from './open-file.ts';

export interface BatchOptions {
  readonly strategy?: string;
  readonly reject_low_quality?: boolean;
  readonly store_image?: boolean;
}

export interface BatchBody {
  readonly send: SendOptions;
  /** `1,000 images`, for people. */
  readonly what: string;
}

/** What is sent for a folder, a ZIP file, a CSV manifest or a single image; nothing is read into memory. */
export async function batchBodyOf(path: string, options: BatchOptions): Promise<BatchBody> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CliError(EXIT.usage, `there is no ${path}`);
  if (found.isDirectory()) return imagesBody(await filesOf(path), options, path);
  if (await isZip(path)) {
    const form = formWith(options);
    form.append('archive', await openFile(path), basename(path));
    return { send: { body: form }, what: `the archive ${basename(path)}` };
  }
  if (extname(path).toLowerCase() === '.csv') return manifestBody(await readManifest(path), options);
  return imagesBody([{ path, name: basename(path) }], options, path);
}

async function manifestBody(rows: readonly ManifestRow[], options: BatchOptions): Promise<BatchBody> {
  const urls = rows.filter((row) => isUrl(row.source)).length;
  if (urls > 0 && urls < rows.length) {
    throw new CliError(EXIT.usage, 'the manifest names files and URLs: put them into a manifest each');
  }
  const labels = rows.map(({ customId, metadata }) => ({ custom_id: customId, metadata }));
  if (urls === 0) {
    const files = rows.map(({ source, name }) => ({ path: source, name }));
    return imagesBody(files, options, 'the manifest', labels);
  }
  const items = rows.map(({ source, name }, index) => ({ ...labels[index], image_url: source, name }));
  return { send: { json: { items, options } }, what: `${rows.length} URLs` };
}

async function imagesBody(
  files: readonly { path: string; name: string }[],
  options: BatchOptions,
  where: string,
  labels?: readonly unknown[],
): Promise<BatchBody> {
  if (files.length === 0) throw new CliError(EXIT.usage, `${where} holds no files`);
  const form = formWith(options);
  if (labels) form.append('items', JSON.stringify(labels));
  for (const { path, name } of files) {
    form.append('images', await openFile(path), name);
  }
  return { send: { body: form }, what: files.length === 1 ? '1 image' : `${files.length} images` };
}

function formWith(options: BatchOptions): FormData {
  const form = new FormData();
  form.append('options', JSON.stringify(options));
  return form;
}

async function isZip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return (
      extname(path).toLowerCase() === '.zip' || buffer.subarray(0, bytesRead).toString('hex').startsWith('504b0304')
    );
  } finally {
    await file.close();
  }
}
