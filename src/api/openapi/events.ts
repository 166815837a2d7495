import { z } from 'zod';

/** An event of a stream as the document tells it: its fields, `data` being JSON. */
export const eventOfJson = (what: string) =>
  z.object({
    id: z.string().optional().describe('For Last-Event-ID.'),
    event: z.string().optional(),
    data: z.string().meta({ contentMediaType: 'application/json', description: `${what}, as JSON.` }),
  });
