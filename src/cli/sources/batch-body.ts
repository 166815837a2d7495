import { openAsBlob } from 'node:fs';
import { FormData } from 'undici';
import type { SendOptions } from '../api-client.ts';
import type { BatchContent, Image } from './batch-source.ts';
import { type CheckedFile, hasChanged } from './source-file.ts';

export interface BatchOptions {
  readonly strategy?: string;
  readonly reject_low_quality?: boolean;
  readonly store_image?: boolean;
  readonly cards?: 'all';
}

/** What is said of a batch as a whole. */
export interface NewBatchOptions {
  readonly options: BatchOptions;
  readonly priority?: string;
  /** false: more may be added. */
  readonly sealed?: boolean;
}

/**
 * What is sent for a source; files are read while they are sent, never into memory.
 * @param whole null: the content is added to a batch
 */
export async function batchBodyOf(content: BatchContent, whole: NewBatchOptions | null): Promise<SendOptions> {
  if (content.kind === 'urls') return { json: { items: content.items, ...whole } };
  const form = new FormData();
  if (whole) form.append('options', JSON.stringify(whole.options));
  if (whole?.priority !== undefined) form.append('priority', whole.priority);
  if (whole?.sealed !== undefined) form.append('sealed', JSON.stringify(whole.sealed));
  if (content.kind === 'archive') {
    form.append('archive', await openAsBlob(content.file.path), content.file.name);
    return { body: form };
  }
  if (content.images.some(({ label }) => label)) {
    form.append('items', JSON.stringify(content.images.map(({ label }) => label ?? null)));
  }
  for (const { name, path } of content.images) form.append('images', await openAsBlob(path), name);
  return { body: form };
}

/** `1,000 images`, for people. */
export function describeContent(content: BatchContent): string {
  if (content.kind === 'archive') return `the archive ${content.file.name}`;
  const { length } = content.kind === 'urls' ? content.items : content.images;
  const what = content.kind === 'urls' ? 'URL' : 'image';
  return `${length.toLocaleString('en')} ${what}${length === 1 ? '' : 's'}`;
}

/**
 * The content without the files that are being written or have gone since they were looked at; `changed` names them.
 * A file that changes while it is sent breaks the whole request.
 */
export async function withoutChanged(
  content: BatchContent,
): Promise<{ readonly left: BatchContent | null; readonly changed: readonly string[] }> {
  if (content.kind === 'urls') return { left: content, changed: [] };
  const files: readonly CheckedFile[] = content.kind === 'archive' ? [content.file] : content.images;
  const states = await Promise.all(files.map(hasChanged));
  const changed = files.filter((_, index) => states[index]).map(({ name }) => name);
  if (content.kind === 'archive') return { left: changed.length === 0 ? content : null, changed };
  const images: readonly Image[] = content.images.filter((_, index) => !states[index]);
  return { left: images.length === 0 ? null : { kind: 'images', images }, changed };
}
