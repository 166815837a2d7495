import { randomId } from '../random-id.ts';
import { tryAgain } from '../try-again.ts';
import { upload } from '../upload.ts';
import { BATCHES, type Batch, change } from './batch-api.ts';
import { isArchive, type NamedFile } from './collect-files.ts';

/** What one request takes: a connection that breaks costs no more than that, and cards are read meanwhile. */
const PART_BYTES = 32 * 1024 * 1024;
const PART_FILES = 400;
/** scan-2 before scan-10: browsers give a folder in any order. */
const ORDER = new Intl.Collator(undefined, { numeric: true });

export interface BatchOptions {
  readonly review: 'never' | 'doubtful' | 'always';
}

export interface Progress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/**
 * Hands files in as a batch, part by part; an archive goes as a whole, as a batch of its own.
 * @returns the id of the batch as soon as there is one, to `onBegun`, and once everything was sent
 * @throws ApiFailure where a part was refused, or could not be sent in some tries
 */
export async function uploadBatch(
  files: readonly NamedFile[],
  options: BatchOptions,
  {
    onBegun,
    onProgress,
    signal,
  }: {
    readonly onBegun: (id: string) => void;
    readonly onProgress: (progress: Progress) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const [first, ...rest] = partsOf(files.toSorted((left, right) => ORDER.compare(left.name, right.name)));
  if (!first) return;
  let doneBytes = 0;
  const send = async (path: string, part: readonly NamedFile[], isFirst: boolean): Promise<Batch> => {
    const form = formOf(part);
    if (isFirst) form.append('options', JSON.stringify(options));
    if (isFirst && rest.length > 0) form.append('sealed', 'false');
    const partBytes = part.reduce((sum, { file }) => sum + file.size, 0);
    const batch = await persist(path, form, signal, (sent) =>
      onProgress({ sentBytes: doneBytes + Math.min(sent, partBytes), totalBytes }),
    );
    doneBytes += partBytes;
    onProgress({ sentBytes: doneBytes, totalBytes });
    return batch;
  };
  const { id } = await send(BATCHES, first, true);
  onBegun(id);
  for (const part of rest) await send(`${BATCHES}/${id}/items`, part, false);
  if (rest.length > 0) await change(id, 'seal');
}

/** Sends a part again where the connection broke; under its key the server takes it once. */
function persist(path: string, form: FormData, signal: AbortSignal, onProgress: (sent: number) => void) {
  const idempotencyKey = randomId();
  return tryAgain(() => upload<Batch>(path, { form, idempotencyKey, signal, onProgress }), signal);
}

function formOf(part: readonly NamedFile[]): FormData {
  const form = new FormData();
  const [only] = part;
  if (part.length === 1 && only && isArchive(only)) form.append('archive', only.file, only.name);
  else for (const { file, name } of part) form.append('images', file, name);
  return form;
}

function partsOf(files: readonly NamedFile[]): NamedFile[][] {
  const parts: NamedFile[][] = [];
  let bytes = 0;
  for (const each of files) {
    const current = parts.at(-1);
    if (!current || current.length >= PART_FILES || bytes + each.file.size > PART_BYTES) {
      parts.push([each]);
      bytes = each.file.size;
    } else {
      current.push(each);
      bytes += each.file.size;
    }
  }
  return parts;
}
