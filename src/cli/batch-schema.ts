import { z } from 'zod';

/** What the CLI reads of a batch; the rest of the object goes through --json untouched. */
export const batchSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  counts: z.object({
    total: z.number(),
    queued: z.number(),
    running: z.number(),
    // Servers from before do not have it.
    needs_review: z.number().default(0),
    succeeded: z.number(),
    failed: z.number(),
    cancelled: z.number(),
  }),
  skipped: z.number(),
  created_at: z.string(),
  throughput: z.number().nullable(),
  eta_seconds: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type Batch = z.infer<typeof batchSchema>;

export const jobSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  result: z
    .looseObject({ compat: z.looseObject({ nik: z.string(), nama: z.string(), tgl_lahir: z.string() }) })
    .nullable(),
});
export type Job = z.infer<typeof jobSchema>;

export function listSchema<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), has_more: z.boolean(), next_cursor: z.string().nullable() });
}

export function isFinal(status: string): boolean {
  return ['completed', 'succeeded', 'failed', 'cancelled'].includes(status);
}
