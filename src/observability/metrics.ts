import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createWorkMetrics, type WorkMetrics } from './work-metrics.ts';

export type OutcomeStatus = 'succeeded' | 'failed' | 'cancelled';

/** What a process measures. Labels are route templates and codes: nothing that a caller chose, and few of them. */
export interface Metrics extends WorkMetrics {
  readonly registry: Registry;
  /** One finished HTTP request; a connection that broke before the answer has status 499. */
  requestFinished(request: { method: string; route: string; status: number; seconds: number }): void;
  /** A workflow that was started. */
  extractionStarted(): void;
  /** Called where the result is stored, once an extraction; code is that of errors.ts, for failed ones. */
  extractionFinished(outcome: OutcomeStatus, code: string | null): void;
  setWaiting(count: number): void;
  /** A chat completion whose workflow was started; a replay is none. */
  generationStarted(): void;
  /** Called where the transcript is stored. */
  generationFinished(outcome: 'finished' | 'failed' | 'cancelled'): void;
  /** A workflow task that failed: its workflow stands still until a retry goes through. */
  workflowTaskFailed(): void;
  /** Answers that this process follows for readers right now. */
  setLiveStreams(count: number): void;
}

/** Seconds; from a health check to the longest OCR. */
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'ktpflow_' });
  const registers = [registry];
  const requests = new Counter({
    name: 'ktpflow_http_requests_total',
    help: 'HTTP requests by route template and status; 499: the caller went away',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const latency = new Histogram({
    name: 'ktpflow_http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const started = new Counter({
    name: 'ktpflow_extractions_started_total',
    help: 'Single extractions whose workflow was started; items of batches are only counted when they end',
    registers,
  });
  const finished = new Counter({
    name: 'ktpflow_extractions_finished_total',
    help: 'Extractions by outcome; code is empty unless they failed',
    labelNames: ['outcome', 'code'],
    registers,
  });
  const waiting = new Gauge({
    name: 'ktpflow_waiting_requests',
    help: 'Interactive requests that were accepted and have no answer yet',
    registers,
  });
  const generationsStarted = new Counter({
    name: 'ktpflow_generations_started_total',
    help: 'Chat completions whose workflow was started',
    registers,
  });
  const generationsFinished = new Counter({
    name: 'ktpflow_generations_finished_total',
    help: 'Chat completions by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const workflowTasksFailed = new Counter({
    name: 'ktpflow_workflow_task_failures_total',
    help: 'Workflow tasks that failed in this process, retries included; the workflows stand still until one goes through',
    registers,
  });
  const liveStreams = new Gauge({
    name: 'ktpflow_live_streams',
    help: 'Chat completions that are being followed for their readers',
    registers,
  });
  return {
    ...createWorkMetrics(registry),
    registry,
    requestFinished({ method, route, status, seconds }) {
      const labels = { method, route, status: String(status) };
      requests.inc(labels);
      latency.observe(labels, seconds);
    },
    extractionStarted: () => started.inc(),
    extractionFinished: (outcome, code) => finished.inc({ outcome, code: code ?? '' }),
    setWaiting: (count) => waiting.set(count),
    generationStarted: () => generationsStarted.inc(),
    generationFinished: (outcome) => generationsFinished.inc({ outcome }),
    workflowTaskFailed: () => workflowTasksFailed.inc(),
    setLiveStreams: (count) => liveStreams.set(count),
  };
}
