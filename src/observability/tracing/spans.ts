import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { codeOf, type SpanAttributes, safeAttributes } from './span-attributes.ts';

/**
 * Spans of what a process does, for whoever has set OTEL_EXPORTER_OTLP_ENDPOINT. Off, every function here is one look at a
 * variable. What may stand in a span says span-attributes.ts; a name is ours, never a caller's.
 */
export interface SpanSource {
  readonly tracer: Tracer;
  /** A W3C traceparent's place in its trace; null where it has not that form. */
  parse(traceparent: string): SpanContext | null;
  /** Exports a span that was not open here: that of a workflow, which knows no clock and no chance. */
  export(span: DistantSpan): void;
}

export type Outcome = 'completed' | 'continued' | 'cancelled' | 'failed';

/** A span with an id that its children know before it is exported. */
export interface DistantSpan {
  readonly name: string;
  readonly parent: SpanContext;
  readonly spanId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly attributes: SpanAttributes;
  readonly outcome: Outcome;
}

export interface SpanDescription {
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  readonly attributes?: SpanAttributes;
  /** Of whoever asked for this. Default: the span that is open here. */
  readonly parent?: SpanContext | null;
}

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

let source: SpanSource | null = null;

/** Turns spans on, or off with null. For start-tracing.ts. */
export function setSpanSource(given: SpanSource | null): void {
  source = given;
}

export function isTracing(): boolean {
  return source !== null;
}

/** The open span as W3C's `traceparent`; undefined where there is none. No `tracestate`: that is text of whoever wrote it. */
export function traceparent(): string | undefined {
  if (source === null) return undefined;
  const open = trace.getSpanContext(context.active());
  return open && formatTraceparent(open);
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`;
}

/** @returns null for what is no traceparent, and where spans are off */
export function parseTraceparent(text: string | undefined): SpanContext | null {
  return text === undefined ? null : (source?.parse(text) ?? null);
}

export function exportSpan(span: DistantSpan): void {
  source?.export(span);
}

/** A span that is open for longer than a function runs. */
export class OpenSpan {
  readonly #span: Span;
  readonly #context: Context;

  constructor({ tracer }: SpanSource, { attributes = {}, kind, name, parent }: SpanDescription) {
    const above = parent === undefined ? context.active() : parent && trace.setSpanContext(ROOT_CONTEXT, parent);
    const options = { kind: KINDS[kind], attributes: safeAttributes(attributes) };
    this.#span = tracer.startSpan(name, options, above ?? ROOT_CONTEXT);
    this.#context = trace.setSpan(above ?? ROOT_CONTEXT, this.#span);
  }

  /** Runs what belongs to the span: its own spans are this one's children. */
  run<Result>(work: () => Result): Result {
    return context.with(this.#context, work);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(safeAttributes(attributes));
  }

  /** @param code where it failed; none: it did not */
  end(code?: string): void {
    if (code !== undefined) {
      this.set({ code });
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Opens a span; null where spans are off. */
export function openSpan(description: SpanDescription): OpenSpan | null {
  return source && new OpenSpan(source, description);
}

/** Runs the work within a span, which ends with it. */
export async function inSpan<Result>(
  description: SpanDescription,
  work: (span: OpenSpan | null) => Promise<Result>,
): Promise<Result> {
  const span = openSpan(description);
  if (!span) return work(null);
  try {
    const result = await span.run(() => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(codeOf(error));
    throw error;
  }
}
