import { z } from 'zod';
import { BATCH_PRIORITIES } from '../../contract/batch-workflow.ts';
import { isErrorCode } from '../../errors.ts';
import { EXTRACTION_STATUSES } from '../extractions/job-schema.ts';
import { metadataSchema, optionsSchema } from '../extractions/options.ts';
import { imageUrlSchema } from '../extractions/request-schema.ts';
import { flagSchema } from '../http/flag-query.ts';
import { pageQuerySchema } from '../http/pagination.ts';
import { webhookSchema } from '../intake/webhook-target.ts';

export const batchOptionsSchema = optionsSchema
  .pick({ strategy: true, reject_low_quality: true, review: true, store_image: true, cards: true })
  .meta({ id: 'BatchOptions' });

const itemLabelSchema = z.strictObject({
  custom_id: z.string().min(1).max(256).nullish().describe("The caller's own id of this card."),
  metadata: metadataSchema.nullish(),
});

/** The configured limit (MAX_BATCH_ITEMS) may be lower, never higher. */
export const MOST_BATCH_ITEMS = 1_000_000;

/** What may be said of the `images` of a form, in their order. */
export const labelsSchema = z.array(itemLabelSchema.nullable()).max(MOST_BATCH_ITEMS);

export const newItemSchema = itemLabelSchema
  .extend({
    image_url: imageUrlSchema
      .nullish()
      .describe('http(s) URL of a public address, fetched when its turn comes, or a data URL.'),
    image_base64: z.string().nullish().describe('Base64 of the file; a data URL is taken too.'),
    file_id: z.string().nullish().describe('An image that was handed in at /v1/files.'),
    name: z.string().max(1024).nullish().describe('Given back with the item.'),
  })
  .meta({ id: 'NewBatchItem' });
export type NewItemBody = z.infer<typeof newItemSchema>;

export const prioritySchema = z
  .enum(BATCH_PRIORITIES)
  .describe('Its share beside other batches of the same tenant; takes nothing from other tenants. Default: normal.');

export const sealedSchema = z
  .boolean()
  .describe('false: items may be added until it is sealed; it ends no sooner. Default: true.');

const sourceShape = {
  items: z.array(newItemSchema).min(1, 'Must contain at least one item.').max(MOST_BATCH_ITEMS).nullish(),
  input_file_id: z.string().nullish().describe('A file of /v1/files with an item a line (NDJSON), instead of `items`.'),
};

/** JSON body of POST /v1/ktp/batches/{id}/items. */
export const addItemsSchema = z.object(sourceShape).meta({ id: 'BatchAddition' });

/** JSON body of POST /v1/ktp/batches. `null` means absent. */
export const createBatchSchema = z
  .object({
    ...sourceShape,
    options: batchOptionsSchema.nullish(),
    metadata: metadataSchema.nullish().describe('Up to 16 pairs of strings, given back as they are.'),
    webhook: webhookSchema.nullish().describe('Told when the batch has ended, and when a retry of it has.'),
    priority: prioritySchema.nullish(),
    sealed: sealedSchema.nullish(),
  })
  .meta({ id: 'BatchRequest' });

export const itemsQuerySchema = pageQuerySchema.extend({
  status: z.enum(EXTRACTION_STATUSES).optional(),
  offset: z
    .string()
    .regex(/^\d{1,7}$/, 'Must be a whole number from 0.')
    .transform(Number)
    .default(0)
    .describe('Items to leave out, for a table that is scrolled to any place; who reads all of them uses the cursor.'),
});

/** JSON body of POST /v1/ktp/batches/{id}/retry; none reads again whatever failed. */
export const retrySchema = z
  .strictObject({
    codes: z
      .array(z.string().max(64).refine(isErrorCode, 'Must be the code of an error.'))
      .min(1)
      .max(100)
      .nullish()
      .describe('Only items that failed with one of these errors: see the list of failures.'),
  })
  .meta({ id: 'BatchRetry' });

export const RESULT_FORMATS = ['ndjson', 'json', 'csv', 'xlsx'] as const;

const SEPARATORS = { comma: ',', semicolon: ';', tab: '\t', ',': ',', ';': ';', '\t': '\t' } as const;

export const resultsQuerySchema = z.object({
  format: z.enum(RESULT_FORMATS).optional().describe('Default: by the Accept header, else ndjson.'),
  bom: flagSchema.describe('1: the CSV begins with a byte order mark, for Excel.'),
  spreadsheet: flagSchema.describe(
    '1: a CSV for a double click: with the mark, cells between semicolons, and a tab before what begins with a digit.',
  ),
  separator: z
    .enum(Object.keys(SEPARATORS) as (keyof typeof SEPARATORS)[])
    .transform((name) => SEPARATORS[name])
    .optional()
    .describe('Between the cells of a CSV. Default: comma; semicolon with spreadsheet=1.'),
});
