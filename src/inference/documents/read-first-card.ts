import { KtpflowError } from '../../errors.ts';
import { findDocument } from '../../media/documents/find-document.ts';
import { openDocument } from '../../media/documents/open-document.ts';

/** A page with other things on it takes a second and a half; more of them than this are no scan of cards. */
export const MAX_PAGES = 20;

/** What reads one picture: the pool of the card reader. */
export interface PictureReader<Options, Reading> {
  read(bytes: Uint8Array, options?: Options): Promise<Reading>;
}

/**
 * Reads a picture, or the first page of a document that shows a card.
 * @throws KtpflowError as the pool's read; not_a_ktp where none of the first pages shows one; invalid_image
 */
export async function readFirstCard<Options extends { readonly signal?: AbortSignal }, Reading>(
  pool: PictureReader<Options, Reading>,
  bytes: Uint8Array,
  options: Options,
): Promise<Reading> {
  const kind = await findDocument(bytes);
  if (kind === null) return pool.read(bytes, options);
  const document = await openDocument(kind, bytes, options.signal);
  try {
    const pages = Math.min(document.count, MAX_PAGES);
    for (let index = 0; index < pages; index++) {
      try {
        return await pool.read(await document.render(index), options);
      } catch (error) {
        if (!(error instanceof KtpflowError) || error.code !== 'not_a_ktp' || index === pages - 1) throw error;
      }
    }
    throw new KtpflowError('not_a_ktp', 'No KTP was found in the document.');
  } finally {
    document.close();
  }
}
