import type { Logger as TemporalLogger } from '@temporalio/common';
import type { Logger } from '../observability/logger.ts';

/** The same line again within this is counted instead: a server that is away makes each poller complain. */
const REPEAT_MS = 30_000;
/** Ordinary failures of ours, which rows and workflows tell of, and remarks on workers that do one thing only. */
const EXPECTED =
  /^((Activity|Workflow) (started|completed|failed|canceled|cancelled|continued as new)|No \w+( \w+)? registered)\b/;
/** Core's words; a fault in the code of a workflow has a second line, the SDK's, with the frames of the error. */
const WORKFLOW_TASK_FAILED = /failing workflow task/i;
/** The part of a message that is the same every time: variables follow a colon, a bracket or a quote. */
const TEMPLATE = /^[A-Za-z][A-Za-z ,.-]*[A-Za-z]/;
const LONGEST_TEMPLATE = 60;

/**
 * Passes Temporal's own warnings and errors on: a workflow that does not replay after an upgrade, a poller that is
 * refused, a payload that does not decrypt are seen nowhere else. Only what cannot hold a caller's words gets through:
 * level, the beginning of the message, the run, name, code and frames of the error.
 * @param onWorkflowTaskFailed called for each failed workflow task: its workflow stands still
 */
export function createTemporalLog(logger: Logger, onWorkflowTaskFailed: () => void, now = Date.now): TemporalLogger {
  const last = new Map<string, { at: number; count: number }>();

  const pass = (
    level: 'warn' | 'error',
    message: string,
    meta: Readonly<Record<string | symbol, unknown>> = {},
  ): void => {
    if (WORKFLOW_TASK_FAILED.test(message)) onWorkflowTaskFailed();
    if (EXPECTED.test(message)) return;
    const code = templateOf(message);
    const seen = last.get(code);
    if (seen && now() - seen.at < REPEAT_MS) {
      seen.count++;
      return;
    }
    last.set(code, { at: now(), count: 0 });
    const runId = meta.runId ?? meta.run_id;
    logger[level](`temporal.${level}`, {
      code,
      ...(typeof runId === 'string' ? { runId } : {}),
      ...(seen && seen.count > 0 ? { count: seen.count } : {}),
      ...(meta.error === undefined ? {} : { error: meta.error }),
    });
  };

  return {
    log: (level, message, meta) => {
      if (level === 'WARN') pass('warn', message, meta);
      else if (level === 'ERROR') pass('error', message, meta);
    },
    trace: () => undefined,
    debug: () => undefined,
    info: () => undefined,
    warn: (message, meta) => pass('warn', message, meta),
    error: (message, meta) => pass('error', message, meta),
  };
}

/** `Failing workflow task` as `failing-workflow-task`. */
function templateOf(message: string): string {
  const template = TEMPLATE.exec(message.slice(0, LONGEST_TEMPLATE))?.[0] ?? 'unknown';
  return template.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
