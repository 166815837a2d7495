import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';

/**
 * What happens to one call on its way: `held` is the call that never gets to the server, `delayed` an answer that
 * comes late, `lost` one that never comes, `reset` one whose connection breaks instead, `duplicated` a call that the
 * server gets twice, `refused` one that the server is said to forbid.
 */
export type Fault = 'none' | 'held' | 'delayed' | 'lost' | 'reset' | 'duplicated' | 'refused';

export interface FaultProxy {
  /** host:port, for TEMPORAL_ADDRESS. */
  readonly address: string;
  /** What befell the calls of StartWorkflowExecution so far. */
  readonly befell: Fault[];
  /** Decides for each call of StartWorkflowExecution. */
  decide: (workflowId: string) => Fault;
  delayMs: number;
  close(): Promise<void>;
}

const { StartWorkflowExecutionRequest } = proto.temporal.api.workflowservice.v1;

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly data: Buffer;
  /** Absent where the headers were all. */
  readonly trailers: IncomingHttpHeaders | undefined;
}

const START = '/temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution';
const PERMISSION_DENIED = '7';

/** Stands between clients and Temporal's server, on the loopback, and does to starts what a bad network does. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const upstreams = new Map<ServerHttp2Session, ClientHttp2Session>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  const proxy = { befell: [] as Fault[], decide: (_workflowId: string): Fault => 'none', delayMs: 3_000 };

  const upstreamOf = (session: ServerHttp2Session): ClientHttp2Session => {
    const known = upstreams.get(session);
    if (known && !known.closed && !known.destroyed) return known;
    const upstream = connect(`http://${target}`);
    upstream.on('error', () => upstreams.delete(session));
    upstreams.set(session, upstream);
    return upstream;
  };

  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: ServerHttp2Session) => {
    const body = await collect(stream);
    const isStart = headers[':path'] === START;
    const fault = isStart ? proxy.decide(workflowIdOf(body)) : 'none';
    if (isStart) proxy.befell.push(fault);
    if (fault === 'held') return;
    if (fault === 'refused') {
      const status = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': PERMISSION_DENIED };
      stream.respond(status, { endStream: true });
      return;
    }
    // A call that is to be lost is the server's own business: its caller's patience must not end it.
    const forwarded = ask(upstreamOf(session), headers, body, fault === 'none' ? stream : undefined);
    const [answer] = await Promise.all([
      forwarded,
      fault === 'duplicated' ? ask(upstreamOf(session), headers, body, undefined) : undefined,
    ]);
    if (fault === 'lost') return;
    if (fault === 'reset') stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (fault === 'delayed') await sleep(proxy.delayMs);
    if (!stream.destroyed && !stream.closed) send(stream, answer);
  };

  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => {
      sessions.delete(session);
      upstreams.get(session)?.destroy();
      upstreams.delete(session);
    });
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const { session } = stream;
    if (!session) return;
    serve(stream, headers, session as ServerHttp2Session).catch(() => {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return Object.assign(proxy, {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const session of sessions) session.destroy();
      for (const upstream of upstreams.values()) upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Five bytes stand before a message of gRPC. */
function workflowIdOf(body: Buffer): string {
  return StartWorkflowExecutionRequest.decode(body.subarray(5)).workflowId;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** @param caller ends the call when it goes */
async function ask(
  session: ClientHttp2Session,
  { host: _host, ...headers }: IncomingHttpHeaders,
  body: Buffer,
  caller: ServerHttp2Stream | undefined,
): Promise<Answer> {
  const call = session.request(headers as OutgoingHttpHeaders);
  caller?.once('close', () => call.close(constants.NGHTTP2_CANCEL));
  const received: { headers?: IncomingHttpHeaders; trailers?: IncomingHttpHeaders } = {};
  call.on('response', (response) => {
    received.headers = response;
  });
  call.on('trailers', (trailers) => {
    received.trailers = trailers;
  });
  call.end(body);
  const data = await collect(call);
  if (!received.headers) throw new Error('the server has not answered');
  return { headers: received.headers, data, trailers: received.trailers };
}

function send(stream: ServerHttp2Stream, { data, headers, trailers }: Answer): void {
  if (!trailers) {
    stream.respond(outgoing(headers), { endStream: true });
    return;
  }
  stream.respond(outgoing(headers), { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(outgoing(trailers)));
  stream.end(data);
}

function outgoing(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers)) as OutgoingHttpHeaders;
}
