import type { TokenCounts } from '../../contract/extraction-activities.ts';
import { Prisma } from '../../storage/generated/client.ts';

interface Asked {
  readonly usage?: TokenCounts;
}

/** What a model was asked for a card, as the column holds it; null: none was. */
export function storedUsage({ usage }: Asked) {
  return usage ? { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens } : null;
}

/** Column for what a model was asked for a card; of a former run of its batch nothing is kept. */
export function usageColumn(asked: Asked) {
  return { usage: storedUsage(asked) ?? Prisma.DbNull };
}
