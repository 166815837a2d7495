/** Context string that a sealed result is bound to: it opens for no other extraction. */
export function resultContext(extractionId: string): string {
  return `result of ${extractionId}`;
}

/** Context string that a sealed request (reference_id, metadata) is bound to. */
export function requestContext(extractionId: string): string {
  return `request of ${extractionId}`;
}

/** Context string that a sealed file name is bound to. */
export function fileNameContext(fileId: string): string {
  return `name of ${fileId}`;
}
