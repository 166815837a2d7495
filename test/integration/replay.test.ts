import { readFile } from 'node:fs/promises';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Keyring } from '../../src/encryption/keyring.ts';
import { createDataConverter } from '../../src/worker/data-converter.ts';
import { recordedHistories, TEST_ENCRYPTION_KEYS } from '../support/histories.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

quietRuntime();

const WEEK_SECONDS = 7 * 86_400;

const keyring = new Keyring(readConfig({ ENCRYPTION_KEYS: TEST_ENCRYPTION_KEYS }).ENCRYPTION_KEYS);
const histories = await recordedHistories();

const BUNDLE = process.env.KTPFLOW_TEST_WORKFLOW_BUNDLE ?? '';

const replay = (history: unknown, workflowBundle: WorkflowBundleOption = { codePath: BUNDLE }) =>
  Worker.runReplayHistory(
    {
      workflowBundle,
      dataConverter: createDataConverter(keyring),
    },
    history,
  );

describe('recorded histories', () => {
  it.each(histories)('$name replays: a workflow that runs in the field survives this change', async ({ history }) => {
    await replay(history);
  });

  it.each(['review-decided', 'review-timed-out'])('%s replays where all of it came a week later', async (name) => {
    const { history } = (await recordedHistories()).find((recorded) => recorded.name === name) ?? {};
    const events = history?.events ?? [];
    const begun = events.findIndex((event) => event.timerStartedEventAttributes);
    expect(begun).toBeGreaterThan(0);
    for (const { eventTime } of events.slice(begun + 1)) {
      if (eventTime?.seconds) eventTime.seconds = eventTime.seconds.add(WEEK_SECONDS);
    }
    await replay(history);
  });

  it('would show a change: a history with another activity in it does not replay', async () => {
    const { history } = (await recordedHistories()).find(({ name }) => name === 'extract-document-succeeded') ?? {};
    for (const event of history?.events ?? []) {
      const activityType = event.activityTaskScheduledEventAttributes?.activityType;
      if (activityType?.name === 'readCard') activityType.name = 'readPassport';
    }
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });

  it('would show a change: a workflow that reads each card twice does not replay what was begun before', async () => {
    const { history } = (await recordedHistories()).find(({ name }) => name === 'extract-document-succeeded') ?? {};
    const now = await readFile(BUNDLE, 'utf8');
    const changed = now.replace(/const reading = (await readCard\([^;]*\);)/, '$1 const reading = $1');
    expect(changed).not.toBe(now);
    await expect(replay(history, { code: changed })).rejects.toThrow(DeterminismViolationError);
  });
});
