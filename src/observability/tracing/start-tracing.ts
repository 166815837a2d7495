import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { safeAttributes } from './span-attributes.ts';
import { type DistantSpan, setSpanSource } from './spans.ts';

const SCOPE = { name: 'ktpflow' };

export interface TracingOptions {
  /** OpenTelemetry's own variables: they are read by its libraries, too. */
  readonly environment?: NodeJS.ProcessEnv;
  /** `service.name`, unless OTEL_SERVICE_NAME says otherwise. */
  readonly service: string;
  /** Called when spans could not be sent; they are lost. */
  readonly onFault: () => void;
}

export interface Tracing {
  /** Sends what is left, and turns spans off. */
  close(): Promise<void>;
}

/** Whether somebody collects spans: by OpenTelemetry's own variables. */
export function tracingIsWanted(environment: NodeJS.ProcessEnv): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = environment;
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || environment.OTEL_TRACES_EXPORTER === 'none')
    return false;
  return Boolean(OTEL_EXPORTER_OTLP_ENDPOINT || OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/**
 * Sends spans by OTLP over HTTP, where a collector is configured: nothing is loaded otherwise. Which traces are kept says
 * OTEL_TRACES_SAMPLER; no resource attribute of the machine or the process is added.
 * @returns null where nobody collects them
 */
export async function startTracing({
  environment = process.env,
  onFault,
  service,
}: TracingOptions): Promise<Tracing | null> {
  if (!tracingIsWanted(environment)) return null;
  const [sdk, exporter, resources, core, hooks] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
    import('@opentelemetry/context-async-hooks'),
  ]);
  core.setGlobalErrorHandler(onFault);
  const resource = resources
    .resourceFromAttributes({ 'service.name': service })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const processor = new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter());
  const provider = new sdk.BasicTracerProvider({ resource, spanProcessors: [processor] });
  context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable());
  setSpanSource({
    tracer: provider.getTracer(SCOPE.name),
    parse: core.parseTraceParent,
    export: (span) => {
      // As the sampler of its root has decided.
      if ((span.parent.traceFlags & 1) === 1) processor.onEnd(readable(span, resource, core));
    },
  });
  return {
    close: async () => {
      setSpanSource(null);
      await provider.shutdown();
      context.disable();
      trace.disable();
    },
  };
}

function readable(
  { attributes, endedAt, name, outcome, parent, spanId, startedAt }: DistantSpan,
  resource: ReadableSpan['resource'],
  { hrTimeDuration, millisToHrTime }: typeof import('@opentelemetry/core'),
): ReadableSpan {
  const startTime = millisToHrTime(startedAt.getTime());
  const endTime = millisToHrTime(Math.max(startedAt.getTime(), endedAt.getTime()));
  const failed = outcome === 'failed' || outcome === 'cancelled';
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId: parent.traceId, spanId, traceFlags: parent.traceFlags }),
    parentSpanContext: parent,
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    status: { code: outcome === 'failed' ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: safeAttributes({ ...attributes, ...(failed && { code: outcome }) }),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
