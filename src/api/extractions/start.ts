import { z } from 'zod';
import type { BlobReference } from '../../contract/blob-reference.ts';
import {
  EXTRACT_DOCUMENT_WORKFLOW,
  type ExtractDocumentInput,
  extractionWorkflowId,
} from '../../contract/extraction-workflow.ts';
import { STRATEGIES } from '../../contract/strategies.ts';
import { INTERACTIVE_PRIORITY } from '../../contract/task-queues.ts';
import type { Extraction } from '../../storage/generated/client.ts';
import type { ApiContext } from '../context.ts';
import { discardImage } from '../intake/image-upload.ts';
import { type Startable, startedWithoutRow } from '../intake/start-once.ts';
import { startWorkflow } from '../intake/start-workflow.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import type { ExtractionOptions } from './options.ts';
import { runOptions, storedOptionsSchema } from './stored-options.ts';

export type StartContext = Pick<ApiContext, 'blobs' | 'database' | 'keyring' | 'logger' | 'temporal' | 'workerClient'>;

/** What a run of an extraction is made of. */
export interface ExtractionStart
  extends Pick<ExtractionOptions, 'strategy' | 'rejectLowQuality' | 'review' | 'storeImage' | 'cards'> {
  readonly id: string;
  readonly tenant: string;
  readonly image: { readonly blob: BlobReference };
  readonly requestHash: string;
  /** Whether somebody is to be told of the end. */
  readonly webhook: boolean;
}

/** An extraction's part in the start-once protocol. */
export function startableExtraction(context: StartContext, start: ExtractionStart): Startable {
  const { id } = start;
  const input: ExtractDocumentInput = {
    extractionId: id,
    blob: start.image.blob,
    strategy: start.strategy,
    rejectLowQuality: start.rejectLowQuality,
    storeImage: start.storeImage,
    ...(start.cards && { cards: start.cards }),
    ...(start.webhook && { webhook: webhookInput(context.keyring, 'extraction', id, 1) }),
    ...(start.review && { review: start.review }),
    ...(start.review && start.webhook && { reviewWebhook: webhookInput(context.keyring, 'review', id, 0) }),
  };
  const workflowId = extractionWorkflowId(id);
  return {
    workflowId,
    start: () =>
      startWorkflow(context, EXTRACT_DOCUMENT_WORKFLOW, {
        workflowId,
        requestId: id,
        input,
        tenant: start.tenant,
        priorityKey: INTERACTIVE_PRIORITY,
        // With the default of 10 s a killed worker would hold the extraction up for as long.
        workflowTaskTimeout: '2 seconds',
        mayFollowAnother: false,
        memo: { requestHash: start.requestHash },
      }),
    accept: () => markAccepted(context, id),
    discard: async () => {
      const { count } = await context.database.extraction.deleteMany({ where: { id, acceptedAt: null } });
      if (count > 0) await discardImage(context, start.image.blob);
    },
  };
}

/** What the run of a row is made of that has its image still. */
export function storedStart(row: Extraction & { readonly blob: string }): Omit<ExtractionStart, 'requestHash'> {
  return {
    id: row.id,
    tenant: row.tenant,
    strategy: z.enum(STRATEGIES).parse(row.strategy),
    image: { blob: row.blob },
    ...runOptions(storedOptionsSchema.parse(row.options)),
  };
}

/** Marks the row as run. @throws KtpflowError where the row is gone: then nobody may be told that it was accepted */
export async function markAccepted({ database }: Pick<StartContext, 'database'>, id: string): Promise<void> {
  const { count } = await database.extraction.updateMany({ where: { id }, data: { acceptedAt: new Date() } });
  if (count === 0) throw startedWithoutRow();
}
