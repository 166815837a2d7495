import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })),
});
const exportSchema = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })),
});
export type ReceivedSpan = z.infer<typeof spanSchema>;

export interface TraceCollector {
  readonly url: string;
  /** Everything that was received, byte by byte. */
  text(): string;
  spans(): ReceivedSpan[];
  /** The spans, once each of the names is among those of the trace. */
  spansOf(traceId: string, names: readonly string[]): Promise<ReceivedSpan[]>;
  close(): Promise<void>;
}

/** A collector as an operator runs one: takes spans as JSON by OTLP over HTTP. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    bodies.push(Buffer.concat(parts).toString());
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const spans = () =>
    bodies.flatMap((body) =>
      exportSchema
        .parse(JSON.parse(body))
        .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => bodies.join('\n'),
    spans,
    async spansOf(traceId, names) {
      for (let left = 300; left > 0; left--) {
        const found = spans().filter((span) => span.traceId === traceId);
        if (names.every((name) => found.some((span) => span.name === name))) return found;
        await delay(50);
      }
      throw new Error(`not all of ${names.join(', ')} came, but ${spans().map(({ name }) => name)}`);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
