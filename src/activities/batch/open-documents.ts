import type { BlobReference } from '../../contract/blob-reference.ts';
import { KtpflowError } from '../../errors.ts';
import { findDocument } from '../../media/documents/find-document.ts';
import { type DocumentPages, openDocument } from '../../media/documents/open-document.ts';
import { type BlobStore, readBlob } from '../../storage/blobs.ts';

interface Opened {
  readonly pages: Promise<DocumentPages>;
  /** Settles when the page that was asked for last has been rendered: a renderer takes one question at a time. */
  idle: Promise<unknown>;
  isUsed: boolean;
}

/** Documents that are open while their pages are listed, each in its own process. Close them in the end. */
export class OpenDocuments {
  readonly #blobs: BlobStore;
  readonly #opened = new Map<BlobReference, Opened>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** JPEG of a page, by its index from 0. @throws KtpflowError invalid_image, not_found, storage_unavailable */
  async render(blob: BlobReference, index: number): Promise<Buffer> {
    let opened = this.#opened.get(blob);
    if (!opened) {
      opened = { pages: this.#open(blob), idle: Promise.resolve(), isUsed: true };
      this.#opened.set(blob, opened);
    }
    opened.isUsed = true;
    const { idle, pages } = opened;
    const rendered = idle.then(async () => Buffer.from(await (await pages).render(index)));
    opened.idle = rendered.catch(() => undefined);
    return rendered;
  }

  /** Closes those that were not asked for since the last call. */
  closeUnused(): void {
    for (const [blob, opened] of this.#opened) {
      if (!opened.isUsed) this.#close(blob, opened);
      opened.isUsed = false;
    }
  }

  closeAll(): void {
    for (const [blob, opened] of this.#opened) this.#close(blob, opened);
  }

  #close(blob: BlobReference, { pages }: Opened): void {
    this.#opened.delete(blob);
    pages.then(
      (document) => document.close(),
      () => undefined,
    );
  }

  async #open(blob: BlobReference): Promise<DocumentPages> {
    const bytes = await readBlob(this.#blobs, blob);
    const kind = await findDocument(bytes);
    if (kind === null) throw new KtpflowError('invalid_image', 'The document cannot be decoded.');
    return openDocument(kind, bytes);
  }
}
