import { randomBytes } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { RECORD_SIGNAL } from '../../../src/contract/chat-workflow.ts';
import { SealError } from '../../../src/encryption/keyring.ts';
import { sealRecord } from '../../../src/stream-history/sealed-records.ts';
import { followStream, type StreamSource } from '../../../src/stream-history/stream-history.ts';

const COMPLETED = 2;
const toPayload = (value: unknown) => defaultPayloadConverter.toPayload(value);

/** A Temporal that holds these histories, by workflow id; the first questions for one fail with `faults`. */
function sourceOf(histories: Readonly<Record<string, object[]>>, faults: Error[] = []) {
  const asked: string[] = [];
  const connection = {
    withDeadline: (_: number, work: () => unknown) => work(),
    withAbortSignal: (_: AbortSignal, work: () => unknown) => work(),
    workflowService: {
      async getWorkflowExecutionHistory({ execution }: { execution: { workflowId: string } }) {
        asked.push(execution.workflowId);
        const fault = execution.workflowId === 'log' ? faults.shift() : undefined;
        if (fault) throw fault;
        return { history: { events: histories[execution.workflowId] } };
      },
    },
  } as unknown as Connection;
  const dataConverter = { payloadConverter: defaultPayloadConverter, payloadCodecs: [] };
  return { asked, source: { connection, namespace: 'default', dataConverter } as unknown as StreamSource };
}

const recorded = (record: unknown) => ({
  workflowExecutionSignaledEventAttributes: {
    signalName: RECORD_SIGNAL,
    input: { payloads: [toPayload(record)] },
  },
});
const ended = [
  { workflowExecutionStartedEventAttributes: { input: { payloads: [toPayload({ log: 'log' })] } } },
  {
    eventType: COMPLETED,
    workflowExecutionCompletedEventAttributes: { result: { payloads: [toPayload({ end: { type: 'finished' } })] } },
  },
];
const record = { epoch: [1, 1] as const, from: 0, pieces: [] };

async function follow(source: StreamSource, dataKey: Uint8Array): Promise<number> {
  let records = 0;
  const run = { workflowId: 'own', runId: 'run', dataKey };
  for await (const batch of followStream(source, run, AbortSignal.timeout(20_000))) records += batch.records.length;
  return records;
}

it('a stream whose log its key does not open ends at once: its reader waited, and asked ten times a second', async () => {
  const { asked, source } = sourceOf({ own: ended, log: [recorded(sealRecord(randomBytes(32), record))] });
  await expect(follow(source, randomBytes(32))).rejects.toThrow(SealError);
  expect(asked).toEqual(['own', 'log']);
});

it('the rest of a stream is asked for again while the server is away', async () => {
  const dataKey = randomBytes(32);
  const away = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'away', metadata: {} });
  const { asked, source } = sourceOf({ own: ended, log: [recorded(sealRecord(dataKey, record))] }, [away, away]);
  expect(await follow(source, dataKey)).toBe(1);
  expect(asked).toEqual(['own', 'log', 'log', 'log']);
});
