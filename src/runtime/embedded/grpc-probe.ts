import { connect } from 'node:http2';

const PROBE_MS = 2000;

/**
 * Whether a Temporal server on a plain-text address serves a namespace: one real DescribeNamespace call. Written on
 * node:http2, since the supervisor would hold the whole Temporal client (60 MB) for this one question.
 */
export function servesNamespace(address: string, namespace: string): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), PROBE_MS);
    session.on('error', () => finish(false));
    const call = session.request({
      ':method': 'POST',
      ':path': '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const note = (headers: Record<string, unknown>) => {
      const status = headers['grpc-status'];
      if (status !== undefined) finish(status === '0');
    };
    // An answer without a body (an error) carries its status in the headers.
    call.on('response', note);
    call.on('trailers', note);
    call.on('error', () => finish(false));
    call.on('close', () => finish(false));
    call.resume();
    call.end(frame(describeNamespaceRequest(namespace)));
  });
}

/** Protocol buffers: field 1 (namespace), a string. */
function describeNamespaceRequest(namespace: string): Buffer {
  const text = Buffer.from(namespace);
  if (text.length > 127) throw new Error('a namespace name of at most 127 bytes');
  return Buffer.concat([Buffer.from([0x0a, text.length]), text]);
}

/** gRPC over HTTP/2: a byte for "not compressed", then the length. */
function frame(message: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}
