import { ApplicationFailure, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import {
  decideUpdate,
  REVIEW_WORKFLOW,
  type ReviewEnd,
  type ReviewInput,
  reviewWorkflowId,
} from '../../contract/review.ts';
import { INTERACTIVE_PRIORITY, WORKER_TASK_QUEUE } from '../../contract/task-queues.ts';
import { decisionContext } from '../../encryption/contexts.ts';
import { sealJson } from '../../encryption/keyring.ts';
import { KtpflowError } from '../../errors.ts';
import { FIELD_NAMES, type FieldName } from '../../ktp/field-names.ts';
import { decisionProblems } from '../../ktp/review/apply-decision.ts';
import { isTemporalUnavailable } from '../../temporal-errors.ts';
import type { ApiContext } from '../context.ts';
import { resultOf } from '../extractions/render-job.ts';
import { webhookInput } from '../intake/webhook-target.ts';
import { claimReview, decidedAlready, type Holder } from './claim.ts';
import type { ReviewedCard } from './find-review.ts';
import { holderName } from './review-state.ts';
import type { DecideBody } from './schemas.ts';

type DecideContext = Pick<ApiContext, 'config' | 'database' | 'keyring' | 'temporal'>;

/** A worker that was killed is replaced within seconds. */
const DEADLINE_MS = 10_000;
const UNPROCESSABLE = 422;

/**
 * Decides a card, or with `dry_run` says whether it would be: its values are sealed into a row, the workflow is told the
 * row's id, and answers once the result is stored. A repeat of the same decision is the same; one that found Temporal or
 * the workers away is simply sent again.
 * @throws KtpflowError review_decided, review_claimed; invalid_value where a value breaks a rule; temporal_unavailable
 */
export async function decideReview(
  context: DecideContext,
  card: ReviewedCard,
  holder: Holder,
  body: DecideBody,
): Promise<void> {
  const { database, keyring } = context;
  const values = { fields: sortedFields(body.fields), note: body.note ?? null };
  const name = holderName(holder.actor, holder.reviewer);
  const parts = [card.extractionId, card.round, name, body.outcome, JSON.stringify(values)];
  const decisionId = `dec_${keyring.hmac('review decision', ...parts).slice(0, 32)}`;
  if (card.outcome !== null) {
    if (card.decisionId === decisionId) return;
    throw decidedAlready();
  }
  try {
    await claimReview(context, card.extractionId, holder);
  } catch (error) {
    // A repeat of the same decision may have been stored since the card was looked up.
    if (await wasDecidedBy(context, card.extractionId, decisionId)) return;
    throw error;
  }
  if (body.outcome === 'confirmed' && !body.force) checkRules(context, card, values.fields);
  if (body.dry_run) return;
  const held = await database.review.findUnique({
    where: { extractionId: card.extractionId },
    select: { claimedAt: true },
  });
  const dataKey = keyring.unwrapDataKey(card.extraction.wrappedKey);
  await database.reviewDecision.createMany({
    data: [
      {
        id: decisionId,
        extractionId: card.extractionId,
        outcome: body.outcome,
        decidedBy: name,
        sealedValues: sealJson(dataKey, values, decisionContext(decisionId)),
        claimedAt: held?.claimedAt ?? null,
      },
    ],
    skipDuplicates: true,
  });
  const end = await tellWorkflow(context, card, decisionId);
  if (end.decisionId !== decisionId) throw decidedAlready();
}

async function wasDecidedBy({ database }: DecideContext, extractionId: string, decisionId: string): Promise<boolean> {
  return (await database.review.count({ where: { extractionId, decisionId } })) > 0;
}

/** In the card's order: a repeat that names them in another one is the same. */
function sortedFields(fields: DecideBody['fields']) {
  const named = FIELD_NAMES.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(named.map((name) => [name, fields[name] ?? null])) as DecideBody['fields'];
}

function checkRules(context: DecideContext, card: ReviewedCard, fields: DecideBody['fields']): void {
  const result = resultOf(context, card.extraction);
  if (!result) throw decidedAlready();
  const [problem] = decisionProblems(result, card.fields as FieldName[], fields);
  if (!problem) return;
  throw new KtpflowError('invalid_value', problem.message, { param: `fields.${problem.field}`, status: UNPROCESSABLE });
}

/**
 * The wait is begun with the first decision where it has not begun yet: the one that reads cards stores them as waiting
 * a moment before it starts it.
 */
async function tellWorkflow(
  { keyring, temporal }: DecideContext,
  { deadline, extraction, extractionId, round }: ReviewedCard,
  decisionId: string,
): Promise<ReviewEnd> {
  const hasWebhook = extraction.batchId === null && (extraction.options as { webhook?: boolean }).webhook === true;
  const input: ReviewInput = {
    extractionId,
    round,
    deadline: deadline.toISOString(),
    ...(hasWebhook && { webhook: webhookInput(keyring, 'extraction', extractionId, 1) }),
  };
  const startWorkflowOperation = new WithStartWorkflowOperation(REVIEW_WORKFLOW, {
    workflowId: reviewWorkflowId(extractionId),
    taskQueue: WORKER_TASK_QUEUE,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: '2 seconds',
    priority: { priorityKey: INTERACTIVE_PRIORITY },
  });
  try {
    return await temporal.withDeadline(Date.now() + DEADLINE_MS, () =>
      temporal.workflow.executeUpdateWithStart(decideUpdate, {
        updateId: decisionId,
        args: [{ decisionId }],
        startWorkflowOperation,
      }),
    );
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === 'review_decided') throw decidedAlready();
    if (isUnanswered(error)) {
      const message = 'The decision is kept, but was not taken yet: send the same again.';
      throw new KtpflowError('temporal_unavailable', message, { cause: error });
    }
    throw error;
  }
}

function isUnanswered(error: unknown): boolean {
  return isTemporalUnavailable(error) || (error instanceof Error && /RPCTimeoutOrCancelled/.test(error.name));
}
