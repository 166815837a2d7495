import type { Epoch, StreamRecord } from '../chat/stream-log.ts';
import type { SealedRecord } from '../contract/chat-workflow.ts';
import { sealJson, unsealJson } from '../encryption/keyring.ts';

/**
 * The pieces of an answer stand in its history sealed with the answer's own data key: once its row is gone, no copy of
 * the history can be read, whoever holds the master keys. The workflow needs their number only. What is bound to epoch
 * and position cannot be put elsewhere in the stream.
 */
export function sealRecord(dataKey: Uint8Array, { end, epoch, from, pieces }: StreamRecord): SealedRecord {
  const sealed = Buffer.from(sealJson(dataKey, pieces, contextOf(epoch, from))).toString('base64');
  return { epoch, from, count: pieces.length, sealed, ...(end && { end }) };
}

/** Reverses {@link sealRecord}. What was recorded before answers had keys is passed on. @throws SealError */
export function openRecord(dataKey: Uint8Array, record: StreamRecord | SealedRecord): StreamRecord {
  if (!('sealed' in record)) return record;
  const { end, epoch, from, sealed } = record;
  // Our own data, authenticated: its shape is what was written.
  const pieces = unsealJson(dataKey, Buffer.from(sealed, 'base64'), contextOf(epoch, from)) as StreamRecord['pieces'];
  return { epoch, from, pieces, ...(end && { end }) };
}

function contextOf(epoch: Epoch, from: number): string {
  return `pieces ${epoch.join('.')} from ${from}`;
}
