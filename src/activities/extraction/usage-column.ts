import type { TokenCounts } from '../../contract/extraction-activities.ts';
import { Prisma } from '../../storage/generated/client.ts';

/** Column for what a model was asked for a card; of a former run of its batch nothing is kept. */
export function usageColumn({ usage }: { readonly usage?: TokenCounts }) {
  if (!usage) return { usage: Prisma.DbNull };
  return { usage: { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens } };
}
