import { readFile } from 'node:fs/promises';
import { CancelledFailure, Context, heartbeat } from '@temporalio/activity';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import protoModule from '@temporalio/proto';

const { temporal: proto } = protoModule;

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EXTRACT_DOCUMENT_WORKFLOW,
  type ExtractDocumentInput,
  type ExtractDocumentOutput,
  extractionWorkflowId,
} from '../../src/contract/extraction-workflow.ts';
import { WORKER_TASK_QUEUE } from '../../src/contract/task-queues.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { unsealJson } from '../../src/encryption/keyring.ts';
import { KtpflowError } from '../../src/errors.ts';
import { ktpResultSchema } from '../../src/ktp/schema.ts';
import { recordHistory } from '../support/histories.ts';
import { insertExtraction, type Platform, startPlatform } from '../support/platform.ts';

const specimen = await readFile(new URL('../../examples/ktp-1.jpg', import.meta.url));
const truth = JSON.parse(await readFile(new URL('../../examples/ktp-1.json', import.meta.url), 'utf8'));

/** What the stand-in does on each attempt; 'real' is the real reader. */
type Behaviour = 'real' | 'not a ktp' | 'fault once' | 'wait for ever' | 'vanish';

let platform: Platform;
let behaviour: Behaviour = 'real';
let endTests: () => void;
const testsEnded = new Promise<void>((resolve) => {
  endTests = resolve;
});

beforeAll(async () => {
  platform = await startPlatform({
    readCard: (real) => {
      const readCard = real();
      return async (input) => {
        const { attempt } = Context.current().info;
        if (behaviour === 'not a ktp') throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
        if (behaviour === 'fault once' && attempt === 1) throw new Error('a passing fault');
        // A process that died or froze: no heartbeat, no answer.
        if (behaviour === 'vanish' && attempt === 1) await testsEnded;
        if (behaviour === 'wait for ever') {
          for (;;) {
            heartbeat({ stage: 'reading', fraction: 0.5 });
            await Context.current().sleep(200);
          }
        }
        return readCard(input);
      };
    },
  });
  platform.startWorkflows();
  platform.startInference();
});
afterAll(() => {
  endTests();
  return platform.stop();
});

async function start(
  kind: Behaviour,
): Promise<{ id: string; blob: string; handle: WorkflowHandle<() => Promise<ExtractDocumentOutput>> }> {
  behaviour = kind;
  const { id, blob } = await insertExtraction(platform, specimen);
  const input: ExtractDocumentInput = {
    extractionId: id,
    blob,
    strategy: 'auto',
    rejectLowQuality: false,
    storeImage: false,
  };
  const handle = await platform.temporal.workflow.start(EXTRACT_DOCUMENT_WORKFLOW, {
    taskQueue: WORKER_TASK_QUEUE,
    workflowId: extractionWorkflowId(id),
    args: [input],
  });
  return { id, blob, handle: handle as WorkflowHandle<() => Promise<ExtractDocumentOutput>> };
}

const rowOf = (id: string) => platform.database.extraction.findUniqueOrThrow({ where: { id } });

describe('extract-document', () => {
  it('reads the specimen, stores the result sealed and deletes the image', async () => {
    const { id, blob, handle } = await start('real');
    expect(await handle.result()).toEqual({ status: 'succeeded', attempts: 1, error: null });
    const row = await rowOf(id);
    expect(row).toMatchObject({ status: 'succeeded', attempts: 1, blob: null });
    const dataKey = platform.keyring.unwrapDataKey(row.wrappedKey);
    const result = ktpResultSchema.parse(unsealJson(dataKey, row.sealedResult ?? Buffer.alloc(0), resultContext(id)));
    const values = Object.fromEntries(Object.entries(result.fields).map(([name, field]) => [name, field.value]));
    expect(values).toEqual(truth.fields);
    await expect(platform.blobs.read(blob)).rejects.toMatchObject({ code: 'not_found' });
    await recordHistory('extract-document-succeeded', handle);
  });

  it('leaves no NIK and no name in the Temporal history', async () => {
    const { handle } = await start('real');
    await handle.result();
    const history = await handle.fetchHistory();
    const bytes = Buffer.from(proto.api.history.v1.History.encode(history).finish());
    expect(history.events?.length).toBeGreaterThan(10);
    for (const secret of [truth.fields.nik, truth.fields.nama, truth.fields.tempat_lahir]) {
      expect(bytes.includes(secret)).toBe(false);
    }
  });

  it('fails a picture that is no KTP at once, with its code, and hides the message from history', async () => {
    const { id, handle } = await start('not a ktp');
    expect(await handle.result()).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'not_a_ktp' } });
    expect(await rowOf(id)).toMatchObject({ status: 'failed', errorCode: 'not_a_ktp', blob: null });
    const history = proto.api.history.v1.History.encode(await handle.fetchHistory()).finish();
    expect(Buffer.from(history).includes('No KTP was found')).toBe(false);
    await recordHistory('extract-document-failed', handle);
  });

  it('tries again after a passing fault and says how often', async () => {
    const { id, handle } = await start('fault once');
    expect(await handle.result()).toEqual({ status: 'succeeded', attempts: 2, error: null });
    expect(await rowOf(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
    await recordHistory('extract-document-retried', handle);
  });

  it('gives a card to the next attempt when the process that read it vanished', async () => {
    const { handle } = await start('vanish');
    expect(await handle.result()).toEqual({ status: 'succeeded', attempts: 2, error: null });
  });

  it('ends as cancelled, and stores that, when it is cancelled while a card is read', async () => {
    const { id, blob, handle } = await start('wait for ever');
    await untilActivityRuns(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toSatisfy(
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    expect(await rowOf(id)).toMatchObject({ status: 'cancelled', blob: null });
    await recordHistory('extract-document-cancelled', handle);
    await expect(platform.blobs.read(blob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('ends as cancelled with a worker that does not answer any more', async () => {
    const { id, handle } = await start('vanish');
    await untilActivityRuns(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await rowOf(id)).toMatchObject({ status: 'cancelled' });
    await recordHistory('extract-document-cancelled-without-worker', handle);
  });

  it('answers the state query while a card is read', async () => {
    const { handle } = await start('wait for ever');
    await untilActivityRuns(handle);
    expect(await handle.query('state')).toEqual({ stage: 'reading', fraction: 0, attempt: 1 });
    await handle.cancel();
    await handle.result().catch(() => undefined);
  });

  it('never overwrites a final row, and does not mind one that was deleted', async () => {
    const { id, handle } = await start('wait for ever');
    await untilActivityRuns(handle);
    await platform.database.extraction.delete({ where: { id } });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(await platform.database.extraction.findUnique({ where: { id } })).toBeNull();
  });
});

async function untilActivityRuns(handle: WorkflowHandle): Promise<void> {
  await expect
    .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.state)
    .toBe(proto.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED);
}
