import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A real HTTP server that speaks the OpenAI-compatible protocol the way vLLM, SGLang, llama.cpp and Ollama do, with
 * every fault that a test needs. Its answers are scripted; its sockets, time and bytes are real.
 */
export interface UpstreamBehaviour {
  kind: 'vllm' | 'sglang' | 'llamacpp' | 'ollama' | 'generic';
  model: string;
  /** Context length told by /v1/models (or /props); null: not told. */
  maxModelLength: number | null;
  /** The answer, token by token, or made from the request's body. */
  tokens: readonly string[] | ((body: UpstreamBody) => readonly string[]);
  /** Reasoning before the answer, in a field of its own. */
  reasoning: readonly string[];
  reasoningField: 'reasoning' | 'reasoning_content';
  toolCalls: readonly { name: string; arguments: readonly string[] }[];
  finishReason: string;
  /** 0: as fast as possible. */
  tokensPerSecond: number;
  firstTokenDelayMs: number;
  /** A comment line every so many milliseconds while the stream is open; 0: none. */
  keepAliveMs: number;
  /** The first `times` chat requests fail like this. */
  fail: { status: number; times: number; retryAfter?: string; body?: string } | null;
  /** After so many tokens (reasoning counts): say nothing more, leave the connection open. */
  hangAfter: number | null;
  /** … reset the connection. */
  cutAfter: number | null;
  /** … end the response properly, but without a finish reason. */
  endAfter: number | null;
  /** … send an error as an event. */
  errorAfter: { tokens: number; data: unknown } | null;
  /** Goes on from a trailing assistant message where the request asks for it. */
  continueFromPrefix: boolean;
  /** Sends that message again first. */
  echoPrefix: boolean;
  usage: boolean;
  /** Whether /tokenize exists: one token for every 4 characters. */
  tokenize: boolean;
  logprobs: boolean;
  /** Writes the stream in parts of so many bytes, across the borders of lines and characters; 0: event by event. */
  chunkBytes: number;
  /** Asks for this key; null: for none. */
  apiKey: string | null;
  /** What vLLM and Ollama say of their version. */
  version: string;
  /** What Ollama says of the weights behind the model's name. */
  digest: string;
  /** Answers chat requests with just this instead of all the above; by request, from 0, and its body. */
  raw: ((request: number, body: UpstreamBody) => RawAnswer) | null;
  /** Answers everything but chat completions with 404. */
  chatOnly: boolean;
}

/** What a server puts on the wire, byte by byte as the test says. */
export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Text or bytes to send, milliseconds to wait, or the connection's end. */
  readonly parts: readonly (string | Uint8Array | number | 'cut')[];
}

/** An event of a stream. */
export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** A chunk of a stream with one choice. */
export function chunk(delta: object | null, choice: object = {}, rest: object = {}): string {
  const choices = [{ index: 0, ...(delta && { delta }), finish_reason: null, ...choice }];
  return event({ id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...rest });
}

export interface UpstreamBody {
  readonly model?: string;
  readonly messages?: readonly { role: string; content: unknown; [key: string]: unknown }[];
  readonly [key: string]: unknown;
}

export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: UpstreamBody;
  readonly at: number;
  tokensSent: number;
  /** The whole answer was written. */
  finished: boolean;
  /** When the caller closed the connection before that (milliseconds since the epoch). */
  closedAt: number | null;
}

export interface Upstream {
  /** Ends in /v1. */
  readonly url: string;
  readonly port: number;
  /** Chat requests in order. */
  readonly requests: UpstreamRequest[];
  /** Paths of all other requests in order. */
  readonly probes: string[];
  behave(changes: Partial<UpstreamBehaviour>): void;
  close(): Promise<void>;
}

const DEFAULTS: UpstreamBehaviour = {
  kind: 'vllm',
  model: 'Qwen/Qwen3-VL-2B-Instruct',
  maxModelLength: 8192,
  tokens: ['Selamat', ' pagi', ',', ' dunia', '.'],
  reasoning: [],
  reasoningField: 'reasoning_content',
  toolCalls: [],
  finishReason: 'stop',
  tokensPerSecond: 0,
  firstTokenDelayMs: 0,
  keepAliveMs: 0,
  fail: null,
  hangAfter: null,
  cutAfter: null,
  endAfter: null,
  errorAfter: null,
  continueFromPrefix: true,
  echoPrefix: false,
  usage: true,
  tokenize: true,
  logprobs: false,
  chunkBytes: 0,
  apiKey: null,
  version: '0.11.0',
  digest: 'a1',
  raw: null,
  chatOnly: false,
};

/** Starts it on a free port (or the one given, to come back after a kill). */
export async function startUpstream(
  changes: Partial<UpstreamBehaviour> = {},
  { port = 0 }: { port?: number } = {},
): Promise<Upstream> {
  const behaviour: UpstreamBehaviour = { ...DEFAULTS, ...changes };
  const requests: UpstreamRequest[] = [];
  const probes: string[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const text = await readAll(request);
    if (behaviour.apiKey !== null && request.headers.authorization !== `Bearer ${behaviour.apiKey}`) {
      return json(response, 401, { error: { message: 'Unauthorized' } });
    }
    if (request.method !== 'POST' || path !== '/v1/chat/completions') {
      probes.push(path);
      const body = behaviour.chatOnly ? undefined : probeAnswer(behaviour, path, text);
      return body === undefined ? json(response, 404, { detail: 'Not Found' }) : json(response, 200, body);
    }
    const record: UpstreamRequest = {
      path,
      headers: request.headers,
      body: JSON.parse(text) as UpstreamBody,
      at: Date.now(),
      tokensSent: 0,
      finished: false,
      closedAt: null,
    };
    requests.push(record);
    response.on('close', () => {
      if (!record.finished && !response.writableFinished) record.closedAt ??= Date.now();
    });
    if (behaviour.fail && behaviour.fail.times > 0) {
      behaviour.fail = { ...behaviour.fail, times: behaviour.fail.times - 1 };
      const { status, retryAfter, body } = behaviour.fail;
      if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
      response.statusCode = status;
      response.setHeader('content-type', 'application/json');
      response.end(body ?? JSON.stringify({ error: { message: `failed with ${status}` } }));
      record.finished = true;
      return;
    }
    if (behaviour.raw) return sendRaw(behaviour.raw(requests.length - 1, record.body), record, response);
    await stream({ ...behaviour }, record, response);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    port: address.port,
    requests,
    probes,
    behave: (next) => Object.assign(behaviour, next),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function sendRaw(
  { headers = { 'content-type': 'text/event-stream' }, parts, status = 200 }: RawAnswer,
  record: UpstreamRequest,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(status, headers);
  response.flushHeaders();
  for (const part of parts) {
    if (part === 'cut') {
      // What was written is to arrive first.
      await sleep(30);
      return void response.destroy();
    }
    if (typeof part === 'number') await sleep(part);
    else response.write(part);
  }
  response.end();
  record.finished = true;
}

async function stream(behaviour: UpstreamBehaviour, record: UpstreamRequest, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  response.flushHeaders();
  let pending = Buffer.alloc(0);
  const write = (text: string) => {
    if (behaviour.chunkBytes === 0) return void response.write(text);
    pending = Buffer.concat([pending, Buffer.from(text)]);
    while (pending.length >= behaviour.chunkBytes) {
      response.write(pending.subarray(0, behaviour.chunkBytes));
      pending = pending.subarray(behaviour.chunkBytes);
    }
  };
  const send = (data: unknown) => write(event(data));
  const envelope = { id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1, model: behaviour.model };
  const sendChunk = (delta: object, extra: object = {}) =>
    send({ ...envelope, choices: [{ index: 0, delta, finish_reason: null, ...extra }] });
  const keepAlive =
    behaviour.keepAliveMs > 0 ? setInterval(() => write(': keep-alive\n\n'), behaviour.keepAliveMs) : undefined;

  const { steps, promptPrefix } = script(behaviour, record.body);
  try {
    if (behaviour.firstTokenDelayMs > 0) await sleep(behaviour.firstTokenDelayMs, undefined, { signal: gone.signal });
    sendChunk({ role: 'assistant', content: '' });
    if (behaviour.echoPrefix && promptPrefix !== '') sendChunk({ content: promptPrefix });
    const begun = Date.now();
    for (const [index, step] of steps.entries()) {
      if (behaviour.hangAfter === index) return await sleep(3_600_000, undefined, { signal: gone.signal, ref: false });
      if (behaviour.cutAfter === index) {
        // What was written is to arrive first.
        await sleep(30);
        return void response.destroy();
      }
      if (behaviour.endAfter === index) {
        response.end(pending);
        record.finished = true;
        return;
      }
      if (behaviour.errorAfter?.tokens === index) {
        send(behaviour.errorAfter.data);
        response.end(pending);
        record.finished = true;
        return;
      }
      if (behaviour.tokensPerSecond > 0) {
        const due = begun + (index * 1000) / behaviour.tokensPerSecond;
        await sleep(Math.max(0, due - Date.now()), undefined, { signal: gone.signal });
      } else if (index % 64 === 0) {
        await sleep(0, undefined, { signal: gone.signal });
      }
      sendChunk(step.delta, step.extra);
      record.tokensSent++;
    }
    sendChunk({}, { finish_reason: behaviour.toolCalls.length > 0 ? 'tool_calls' : behaviour.finishReason });
    if (behaviour.usage && (record.body.stream_options as { include_usage?: boolean })?.include_usage) {
      const prompt = countTokens(JSON.stringify(record.body.messages));
      send({
        ...envelope,
        choices: [],
        usage: {
          prompt_tokens: prompt,
          completion_tokens: steps.length,
          total_tokens: prompt + steps.length,
          prompt_tokens_details: { cached_tokens: 0 },
        },
      });
    }
    write('data: [DONE]\n\n');
    response.end(pending);
    record.finished = true;
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    clearInterval(keepAlive);
  }
}

interface Step {
  readonly delta: object;
  readonly extra?: object;
}

/** What to send, in order; a continued answer begins where the recorded prefix ends, also in mid-token. */
function script(behaviour: UpstreamBehaviour, body: UpstreamBody): { steps: Step[]; promptPrefix: string } {
  let tokens = typeof behaviour.tokens === 'function' ? behaviour.tokens(body) : behaviour.tokens;
  let reasoning = behaviour.reasoning;
  let promptPrefix = '';
  const last = body.messages?.at(-1);
  const asked = body.continue_final_message === true || behaviour.kind === 'llamacpp';
  if (behaviour.continueFromPrefix && asked && last?.role === 'assistant' && typeof last.content === 'string') {
    promptPrefix = last.content;
    const whole = tokens.join('');
    reasoning = [];
    if (whole.startsWith(promptPrefix)) tokens = dropCharacters(tokens, promptPrefix.length);
  }
  const content = tokens.map((token) => ({
    delta: { content: token },
    ...(behaviour.logprobs && { extra: { logprobs: { content: [logprob(token)], refusal: null } } }),
  }));
  const calls = behaviour.toolCalls.flatMap((call, index): Step[] => [
    {
      delta: {
        tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name: call.name, arguments: '' } }],
      },
    },
    ...call.arguments.map((part) => ({ delta: { tool_calls: [{ index, function: { arguments: part } }] } })),
  ]);
  const steps = [
    ...reasoning.map((token) => ({ delta: { [behaviour.reasoningField]: token } })),
    ...(behaviour.toolCalls.length > 0 ? calls : content),
  ];
  return { steps, promptPrefix };
}

function dropCharacters(tokens: readonly string[], count: number): string[] {
  let left = count;
  const rest: string[] = [];
  for (const token of tokens) {
    if (left >= token.length) left -= token.length;
    else {
      rest.push(token.slice(left));
      left = 0;
    }
  }
  return rest;
}

function logprob(token: string): object {
  const bytes = [...Buffer.from(token)];
  return { token, logprob: -0.25, bytes, top_logprobs: [{ token, logprob: -0.25, bytes }] };
}

function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

const OWNERS = { vllm: 'vllm', sglang: 'sglang', llamacpp: 'llamacpp', ollama: 'library', generic: 'me' } as const;

function probeAnswer(behaviour: UpstreamBehaviour, path: string, text: string): unknown {
  const { kind, model, maxModelLength } = behaviour;
  switch (path) {
    case '/v1/models':
      return {
        object: 'list',
        data: [
          {
            id: model,
            object: 'model',
            created: 1,
            owned_by: OWNERS[kind],
            ...((kind === 'vllm' || kind === 'sglang') && maxModelLength !== null && { max_model_len: maxModelLength }),
          },
        ],
      };
    case '/version':
      return kind === 'vllm' ? { version: behaviour.version } : undefined;
    case '/props':
      if (kind !== 'llamacpp') return undefined;
      return { default_generation_settings: { n_ctx: maxModelLength }, modalities: { vision: true, audio: false } };
    case '/tokenize': {
      if (!behaviour.tokenize || kind === 'ollama' || kind === 'sglang') return undefined;
      const body = JSON.parse(text) as { prompt?: string; content?: string };
      const count = countTokens(body.prompt ?? body.content ?? '');
      const tokens = Array.from({ length: count }, (_, index) => index);
      return kind === 'llamacpp' ? { tokens } : { count, max_model_len: maxModelLength, tokens };
    }
    case '/api/show':
      return kind === 'ollama' ? { capabilities: ['completion', 'vision'], model_info: {} } : undefined;
    case '/api/version':
      return kind === 'ollama' ? { version: behaviour.version } : undefined;
    case '/api/tags':
      return kind === 'ollama' ? { models: [{ name: model, model, digest: behaviour.digest }] } : undefined;
    case '/api/ps':
      return kind === 'ollama' ? { models: [{ name: model, model, context_length: maxModelLength }] } : undefined;
    default:
      return undefined;
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
