import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { cardName } from '../../batch/item-request.ts';
import type { ExtractionOutcome } from '../../contract/extraction-activities.ts';
import { requestContext, resultContext } from '../../encryption/contexts.ts';
import { sealJson, unsealJson } from '../../encryption/keyring.ts';
import { parseNik } from '../../ktp/rules/nik.ts';
import type { Prisma } from '../../storage/generated/client.ts';
import { linkExtractions, type SubjectLink } from '../../storage/subject-records.ts';
import { outcomeColumns } from '../extraction/store-result.ts';
import { usageColumn } from '../extraction/usage-column.ts';
import { type BatchDependencies, openItemRequest } from './item-images.ts';

const readNikSchema = z.object({ fields: z.object({ nik: z.object({ value: z.string().nullable() }) }) });

/** An item whose picture shows several cards. */
export interface SeveralCards {
  readonly extractionId: string;
  readonly attempts: number;
  readonly outcome: ExtractionOutcome & { readonly status: 'succeeded' };
  /** Whether its image is gone once this is stored. */
  readonly deletesBlob: boolean;
}

/**
 * Stores what was read of an item with several cards: the first is the item's own result, each other an item at the end of
 * the batch. All of it, and once: a repeat finds a final row and leaves it.
 * @returns how many rows became final
 */
export async function storeCards(
  { database, keyring }: Pick<BatchDependencies, 'database' | 'keyring'>,
  { attempts, deletesBlob, extractionId, outcome }: SeveralCards,
): Promise<number> {
  const row = await database.extraction.findFirst({ where: { id: extractionId, status: 'queued' } });
  if (!row || row.batchId === null) return 0;
  const { batchId } = row;
  const dataKey = keyring.unwrapDataKey(row.wrappedKey);
  const request = openItemRequest(keyring, { ...row, batchId });
  const { sealedOthers = [], ...first } = outcome;
  const columns = outcomeColumns(attempts, first);
  const links: SubjectLink[] = [];
  const note = (record: string, result: unknown): void => {
    const nik = readNikSchema.safeParse(result).data?.fields.nik.value ?? null;
    if (nik !== null && parseNik(nik)) links.push({ nikHash: keyring.subjectHash(nik), record });
  };
  const open = (sealed: string): unknown =>
    unsealJson(dataKey, Buffer.from(sealed, 'base64'), resultContext(extractionId));
  note(extractionId, open(first.sealedResult));
  const { acceptedAt, createdAt, expiresAt, options, strategy, tenant } = row;
  const shared = { tenant, strategy, options: options ?? {}, createdAt, expiresAt, acceptedAt, batchId };
  const others = sealedOthers.map((sealed, offset): Prisma.ExtractionCreateManyInput => {
    const id = `ext_${randomBytes(16).toString('hex')}`;
    const key = keyring.createDataKey();
    const { entry: _, page: __, ...labels } = request;
    const own = { ...labels, name: cardName(request.name, offset + 1), image_url: null, entry: null };
    const result = open(sealed);
    note(id, result);
    return {
      ...shared,
      ...columns,
      // The first has that of all.
      ...usageColumn({}),
      id,
      wrappedKey: key.wrappedKey,
      sealedRequest: sealJson(key.dataKey, own, requestContext(id)),
      sealedResult: sealJson(key.dataKey, result, resultContext(id)),
    };
  });
  return await database.$transaction(async (transaction) => {
    const { count } = await transaction.extraction.updateMany({
      where: { id: extractionId, status: 'queued' },
      data: {
        ...columns,
        sealedRequest: sealJson(dataKey, { ...request, name: cardName(request.name, 0) }, requestContext(extractionId)),
        ...(deletesBlob && { blob: null }),
      },
    });
    if (count === 0) return 0;
    const [grown] = await transaction.$queryRaw<{ items: number | null }[]>`
      UPDATE batches SET item_count = item_count + ${others.length}, changes = changes + 1
      WHERE id = ${batchId} RETURNING item_count AS items`;
    // Cards that are there are not thrown away for a limit on what is handed in.
    const firstIndex = (grown?.items ?? 0) - others.length;
    await transaction.extraction.createMany({
      data: others.map((other, offset) => ({ ...other, batchIndex: firstIndex + offset })),
    });
    await linkExtractions(transaction, links);
    return 1 + others.length;
  });
}
