/** Whether a pipeline failed since its reader closed the connection: what our own rows throw is another error. */
export function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
