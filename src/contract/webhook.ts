/** What clients, activities and workflows say to each other about webhooks. */

export const WEBHOOK_WORKFLOW = 'webhookWorkflow';

/** One workflow id a delivery: a redelivery is another run of it. */
export function webhookWorkflowId(deliveryId: string): string {
  return `webhook-${deliveryId}`;
}

/** The first try and seven more; the pauses between them make less than a day. */
export const MAX_WEBHOOK_TRIES = 8;

/** Input of `webhookWorkflow`. Where to and what is in the rows. */
export interface WebhookInput {
  /** Made from the subject and its run: whoever starts the delivery starts the same. */
  readonly deliveryId: string;
  /** review: that an extraction waits for a person. */
  readonly kind: 'extraction' | 'review' | 'batch' | 'chat' | 'response';
  /** Id of the extraction or batch, or of the answer of a chat or response. */
  readonly subject: string;
}

/** A delivery that is to be sent. */
export interface OpenedDelivery {
  /** Tries before this run of its workflow. */
  readonly triedBefore: number;
}

/** Input of `sendDelivery`. */
export interface SendDeliveryInput extends Partial<OpenedDelivery> {
  readonly deliveryId: string;
}

/** Activities of the role `worker`. */
export interface WebhookActivities {
  /**
   * Writes the delivery's row from what the subject is now; opens one that is there. false: there is nothing to tell;
   * true, in histories from before: it is open.
   */
  openDelivery(input: WebhookInput): Promise<OpenedDelivery | boolean>;
  /** Sends once; fails where the receiver did not take it, for good after the last try. */
  sendDelivery(input: SendDeliveryInput): Promise<void>;
  /** Gives it up. */
  closeDelivery(input: Pick<WebhookInput, 'deliveryId'>): Promise<void>;
}
