import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stack traces of failures go through the codec too: they would stand in history as plain text. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
