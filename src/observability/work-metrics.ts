import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Milliseconds that each stage of a card took. */
export interface CardTimings {
  readonly prepare: number;
  readonly ocr: number;
  readonly assemble: number;
  readonly generate: number;
}

export interface SlotUse {
  readonly queue: string;
  readonly slots: number;
  readonly used: number;
}

export interface QueueDepth {
  readonly queue: string;
  /** Tasks that wait for a worker, as Temporal estimates it. */
  readonly tasks: number;
  /** How long the oldest one has waited, in seconds. */
  readonly oldestSeconds: number;
}

/** What the platform's work is measured by. Labels are names of ours: stages, activities, queues, outcomes. */
export interface WorkMetrics {
  /** Called where a card's result is stored. */
  cardRead(timings: CardTimings): void;
  /** Called where an answer's transcript is stored. */
  tokensUsed(prompt: number, completion: number): void;
  /** From a caller's cancellation to the end of the answer. */
  cancelled(seconds: number): void;
  /** From Temporal's taking a piece of an answer to its arrival in the process that has its readers. */
  streamLag(seconds: number): void;
  /** An attempt of an activity, when it has ended. */
  activityAttempted(attempt: {
    readonly activity: string;
    readonly outcome: 'completed' | 'failed' | 'cancelled';
    readonly attempt: number;
    /** From its scheduling to its start. */
    readonly waitedSeconds: number;
  }): void;
  /** What is asked for when somebody scrapes; each source for itself. */
  watchSlots(source: () => readonly SlotUse[]): void;
  watchQueues(source: () => Promise<readonly QueueDepth[]>): void;
}

const STAGE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 10];
const WAIT_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 3600];

export function createWorkMetrics(registry: Registry): WorkMetrics {
  const registers = [registry];
  const stages = new Histogram({
    name: 'ktpflow_card_stage_seconds',
    help: 'Time of a card in each stage: prepare, ocr, assemble, generate (a vision-language model)',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers,
  });
  const tokens = new Counter({
    name: 'ktpflow_tokens_total',
    help: 'Tokens of answers whose transcript was stored: prompt and completion',
    labelNames: ['kind'],
    registers,
  });
  const cancels = new Histogram({
    name: 'ktpflow_cancel_seconds',
    help: "From a caller's cancellation to the end of the answer",
    buckets: LAG_BUCKETS,
    registers,
  });
  const lag = new Histogram({
    name: 'ktpflow_stream_lag_seconds',
    help: "From Temporal's taking a piece of an answer to its arrival in the API, by the clocks of both machines",
    buckets: LAG_BUCKETS,
    registers,
  });
  const attempts = new Counter({
    name: 'ktpflow_activity_attempts_total',
    help: 'Attempts of activities that ended in this process; retry: not the first one',
    labelNames: ['activity', 'outcome', 'retry'],
    registers,
  });
  const waits = new Histogram({
    name: 'ktpflow_activity_wait_seconds',
    help: 'From the scheduling of an attempt to its start: how long it waited for a slot',
    labelNames: ['activity'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const slotSources: (() => readonly SlotUse[])[] = [];
  new Gauge({
    name: 'ktpflow_activity_slots',
    help: 'Activities that this process may run at once, by task queue',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { queue, slots } of slotSources.flatMap((source) => source())) this.set({ queue }, slots);
    },
  });
  new Gauge({
    name: 'ktpflow_activity_slots_used',
    help: 'Activities that this process runs now, by task queue',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { queue, used } of slotSources.flatMap((source) => source())) this.set({ queue }, used);
    },
  });
  let queueSource: () => Promise<readonly QueueDepth[]> = async () => [];
  new Gauge({
    name: 'ktpflow_queue_tasks',
    help: 'Tasks of a Temporal task queue that wait for a worker, as Temporal estimates it; the same in every process',
    labelNames: ['queue'],
    registers,
    async collect() {
      const depths = await queueSource();
      this.reset();
      for (const { queue, tasks } of depths) this.set({ queue }, tasks);
    },
  });
  new Gauge({
    name: 'ktpflow_queue_oldest_seconds',
    help: 'How long the oldest task of a Temporal task queue has waited; the same in every process',
    labelNames: ['queue'],
    registers,
    async collect() {
      const depths = await queueSource();
      this.reset();
      for (const { oldestSeconds, queue } of depths) this.set({ queue }, oldestSeconds);
    },
  });
  return {
    cardRead: (timings) => {
      for (const stage of ['prepare', 'ocr', 'assemble'] as const) stages.observe({ stage }, timings[stage] / 1000);
      // Most cards need no model.
      if (timings.generate > 0) stages.observe({ stage: 'generate' }, timings.generate / 1000);
    },
    tokensUsed: (prompt, completion) => {
      tokens.inc({ kind: 'prompt' }, prompt);
      tokens.inc({ kind: 'completion' }, completion);
    },
    cancelled: (seconds) => cancels.observe(seconds),
    streamLag: (seconds) => lag.observe(Math.max(0, seconds)),
    activityAttempted: ({ activity, attempt, outcome, waitedSeconds }) => {
      attempts.inc({ activity, outcome, retry: String(attempt > 1) });
      waits.observe({ activity }, Math.max(0, waitedSeconds));
    },
    watchSlots: (source) => void slotSources.push(source),
    watchQueues: (source) => {
      queueSource = source;
    },
  };
}
