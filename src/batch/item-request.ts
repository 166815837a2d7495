import { z } from 'zod';

/** Where an entry lies in the batch's archive. */
const entryPlaceSchema = z.object({
  offset: z.number(),
  compressedSize: z.number(),
  size: z.number(),
  deflated: z.boolean(),
  crc32: z.number(),
});

/** What the caller wrote about an item and where its image comes from, sealed in the item's row. */
export const itemRequestSchema = z.object({
  reference_id: z.null(),
  metadata: z.record(z.string(), z.string()).nullable(),
  /** File name, or path in the archive. */
  name: z.string().nullable(),
  custom_id: z.string().nullable(),
  /** Fetched when the item's turn comes. */
  image_url: z.string().nullable(),
  /** Unpacked when the item's turn comes. */
  entry: entryPlaceSchema.nullable(),
  /** The page of a document of the batch, from 0; rendered when its turn comes. */
  page: z.object({ document: z.string(), index: z.number() }).optional(),
});

/** What a page of a document is called: `scan.pdf#2`. @param index from 0 */
export function pageName(name: string | null, index: number): string {
  return `${name ?? ''}#${index + 1}`;
}

/** What one of several cards is called: `scan.pdf#2.1`, `sheet.jpg#3`. @param index from 0 */
export function cardName(name: string | null, index: number): string {
  return /#\d+$/.test(name ?? '') ? `${name}.${index + 1}` : `${name ?? ''}#${index + 1}`;
}

export type ItemRequest = z.infer<typeof itemRequestSchema>;
