import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError } from '../config.ts';
import { KtpflowError } from '../errors.ts';
import { Authenticator } from './access/authentication.ts';
import { createApp } from './app.ts';
import type { ApiContext } from './context.ts';
import { continueWhenRead } from './http/continue-when-read.ts';
import { errorBody } from './http/errors.ts';
import { isLoopbackHost } from './http/loopback.ts';
import { newRequestId } from './http/request-id.ts';
import { targetProblem, toOriginForm } from './http/request-target.ts';

export interface ApiServer {
  /** `http://HOST:PORT`, with the port that was taken. */
  readonly address: string;
  /** Stops accepting, lets running requests finish for a while, ends what is left. */
  close(): Promise<void>;
}

/** Headers have to be in within this. */
const HEADERS_TIMEOUT_MS = 20_000;
/** Longer than the keep-alive of the usual proxies, so that they close first. */
const KEEP_ALIVE_MS = 75_000;
/** With the lingering before it below the 25 s in which a process ends. */
const DRAIN_MS = 18_000;
/** In which a proxy may still send requests on the connections that it holds: longer than deploy/nginx keeps idle ones. */
const LINGER_MS = 3_000;

/**
 * Serves the API. @throws ConfigError where it would be open to strangers: an address other than loopback needs a key
 */
export async function startApiServer(context: ApiContext): Promise<ApiServer> {
  const { config, logger } = context;
  await refuseKeylessHost(context);
  const closing = new AbortController();
  const server = createHttpServer(createApp(context, closing.signal));
  const answers = config.TRUST_PROXY === '' ? null : trackAnswers(server);
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  logger.info('api.listening', { port });
  return {
    address: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`,
    close: () => drain(server, closing, answers),
  };
}

/**
 * A server with our time-outs, and our answers to what is no HTTP. Node's own parser is strict: what two programs could
 * understand differently (two lengths, a length and chunks, a bare line feed) is refused, and its connection closed.
 */
export function createHttpServer(listener: RequestListener, headersTimeoutMs = HEADERS_TIMEOUT_MS): Server {
  const server = createServer(
    {
      insecureHTTPParser: false,
      // Refused below, with a body.
      requireHostHeader: false,
      headersTimeout: headersTimeoutMs,
      // A body may take as long as it moves: who reads it watches for a stall, see http/body-watch.ts.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: headersTimeoutMs / 4,
    },
    (request, response) => {
      const problem = targetProblem(request);
      if (problem !== null) return refuse(response, 400, problem);
      toOriginForm(request);
      listener(request, response);
    },
  );
  // All of them: Node would pass over the two thousandth and what follows it. Their size is bounded.
  server.maxHeadersCount = 0;
  server.on('checkContinue', (request, response) => {
    continueWhenRead(request, response);
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (_request, response) => refuse(response, 417, 'Only "Expect: 100-continue" is known.'));
  // Nobody is called for it, and Node would close the connection without a word.
  server.on('connect', (_request, socket) => answerByHand(socket, NO_PROXY));
  return server.on('clientError', answerClientError);
}

/** What Node would answer without a body. */
function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify(errorBody(new KtpflowError('malformed_request', message)));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': newRequestId(),
    connection: 'close',
  };
  response.writeHead(status, headers).end(body);
}

async function refuseKeylessHost({ config, database }: Pick<ApiContext, 'config' | 'database'>): Promise<void> {
  if (config.ALLOW_ANONYMOUS || isLoopbackHost(config.HOST)) return;
  if (await new Authenticator(config, database).keysExist()) return;
  throw new ConfigError(
    'HOST: is not a loopback address and there is no key; set API_KEYS, or ALLOW_ANONYMOUS=1 to serve anybody',
  );
}

function listen(server: Server, { HOST, PORT }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is already in use' : 'cannot be listened on';
      reject(new ConfigError(`PORT: port ${PORT} of that HOST ${reason}`, { cause: error }));
    });
    server.listen(PORT, HOST, resolve);
  });
}

/** Answers that are under way. */
export function trackAnswers(server: Server): ReadonlySet<ServerResponse> {
  const answers = new Set<ServerResponse>();
  server.prependListener('request', (_request, response) => {
    answers.add(response);
    response.once('close', () => answers.delete(response));
  });
  return answers;
}

/**
 * A proxy holds connections to us and sends the next request on any of them. One that we close meanwhile fails, and is not
 * repeated where it is a POST. So new connections are refused first (the proxy takes another API then), and each of those
 * that are there gets one more answer, which is its last.
 * @param answers those to a proxy that are under way; null: nobody is in between
 */
export async function drain(
  server: Server,
  closing: AbortController,
  answers: ReadonlySet<ServerResponse> | null,
): Promise<void> {
  // Not http's own close(), which ends what is idle at this moment.
  const closed = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()));
  if (answers) {
    for (const answer of answers) makeLast(answer);
    server.prependListener('request', (_request, response) => makeLast(response));
    await Promise.race([closed, sleep(LINGER_MS)]);
  }
  closing.abort();
  server.close();
  // A connection kept alive becomes idle once its last answer is out.
  const sweep = setInterval(() => server.closeIdleConnections(), 100);
  const end = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(end);
}

/** Its header says so; where that is out, the connection ends with it. */
function makeLast(answer: ServerResponse): void {
  const { socket } = answer;
  if (answer.headersSent) answer.once('finish', () => socket?.end());
  else answer.setHeader('connection', 'close');
}

interface ByHand {
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

const CLIENT_ERRORS: Readonly<Record<string, ByHand>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'headers_too_large',
    message: 'The headers of the request are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request_timeout',
    message: 'The request did not arrive in time.',
  },
};
const MALFORMED = { status: '400 Bad Request', code: 'malformed_request', message: 'The request is malformed.' };
const NO_PROXY = { status: '405 Method Not Allowed', code: 'method_not_allowed', message: 'This server is no proxy.' };

/** What the HTTP parser refuses never reaches the application: the same envelope, written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Bytes behind the last request of a connection: its answer is on its way, and ends it.
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answerByHand(socket, CLIENT_ERRORS[error.code ?? ''] ?? MALFORMED);
}

function answerByHand(socket: Duplex, { code, message, status }: ByHand): void {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
  socket.end(
    [
      `HTTP/1.1 ${status}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${newRequestId()}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
