import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/observability/logger.ts';
import { createTemporalLog } from '../../../src/worker/temporal-log.ts';

const NIK = '3171234567890000';
const RUN = '0199aa3e-7c1f-7d3a-9c55-1d4b6f0e2a11';

function bridge() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ level: 'info', component: 'test', destination });
  const state = { now: 0, failed: 0 };
  const log = createTemporalLog(
    logger,
    () => {
      state.failed++;
    },
    () => state.now,
  );
  return { log, lines, state };
}

describe("Temporal's own log lines", () => {
  it('get through: a workflow that did not replay stood still without a line and without a metric', () => {
    const { log, lines, state } = bridge();
    log.log('WARN', 'Failing workflow task', { runId: RUN, failure: NIK, error: new TypeError(`no ${NIK}`) });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        event: 'temporal.warn',
        code: 'failing-workflow-task',
        runId: RUN,
        error: expect.objectContaining({ name: 'TypeError' }),
      }),
    ]);
    expect(state.failed).toBe(1);
    expect(JSON.stringify(lines)).not.toContain(NIK);
  });

  it.each([
    [`Error while processing ActivityTask.start: card of BUDI ${NIK}`, 'error-while-processing-activitytask-start'],
    ["Polling failed (queue 'cards/BUDI.jpg')", 'polling-failed'],
    [`${NIK} BUDI`, 'unknown'],
  ])('lose what may be a caller’s: %s', (message, code) => {
    const { log, lines } = bridge();
    log.error(message, { details: NIK, workflowId: `x-${NIK}` });
    expect(lines[0]).toMatchObject({ level: 'error', event: 'temporal.error', code });
    expect(JSON.stringify(lines)).not.toMatch(/BUDI|\d{16}/);
  });

  it('leave out what the rows tell, and what is no fault', () => {
    const { log, lines } = bridge();
    log.warn('Activity failed', { error: new Error() });
    log.log('WARN', 'Workflow failed');
    log.warn('No workflows registered, not polling for workflow tasks');
    log.info('Worker state changed');
    log.log('INFO', 'anything');
    expect(lines).toEqual([]);
  });

  it('are counted instead of repeated while a server is away', () => {
    const { log, lines, state } = bridge();
    for (let poll = 0; poll < 500; poll++) log.warn('gRPC call poll_activity_task_queue retried');
    expect(lines).toHaveLength(1);
    state.now = 31_000;
    log.warn('gRPC call poll_activity_task_queue retried');
    expect(lines[1]).toMatchObject({ count: 499 });
  });
});
