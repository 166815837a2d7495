/** Context string that a sealed result is bound to: it opens for no other extraction. */
export function resultContext(extractionId: string): string {
  return `result of ${extractionId}`;
}

/** Context string that a sealed request (reference_id, metadata) is bound to. */
export function requestContext(extractionId: string): string {
  return `request of ${extractionId}`;
}

/** Context string that the values of a reviewer's decision are bound to. */
export function decisionContext(decisionId: string): string {
  return `decision ${decisionId}`;
}

/** Context string that the target and the body of a delivery to a webhook are bound to. */
export function deliveryContext(deliveryId: string): string {
  return `delivery ${deliveryId}`;
}

/** Context string that the webhook of an answer is bound to. */
export function answerWebhookContext(generationId: string): string {
  return `webhook of ${generationId}`;
}

/** Context string that the settings of a response are bound to. */
export function responseSettingsContext(responseId: string): string {
  return `settings of ${responseId}`;
}

/** Context string that a sealed file name is bound to. */
export function fileNameContext(fileId: string): string {
  return `name of ${fileId}`;
}

/** Context strings that the custom_id, the settings and the outcome of a line of a batch are bound to. */
export function customIdContext(batchId: string, line: number): string {
  return `custom id ${line} of ${batchId}`;
}

export function lineSettingsContext(batchId: string, line: number): string {
  return `settings ${line} of ${batchId}`;
}

export function lineOutcomeContext(batchId: string, line: number): string {
  return `outcome ${line} of ${batchId}`;
}
