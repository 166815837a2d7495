import type { IncomingMessage } from 'node:http';
import { holdsSeedBeyond64Bits } from '../../chat/seed-range.ts';

const beyond = new WeakSet<IncomingMessage>();

/** Looks at a body's bytes before they are parsed. */
export function noteSeed(request: IncomingMessage, bytes: Buffer): void {
  if (holdsSeedBeyond64Bits(bytes)) beyond.add(request);
}

export function hasSeedBeyond64Bits(request: IncomingMessage): boolean {
  return beyond.has(request);
}
