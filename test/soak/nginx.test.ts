import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/runtime/processes/free-port.ts';
import { EmbeddedPlatform, exampleImage, exampleTruth, temporaryFolder } from '../e2e/embedded-platform.ts';
import { indexesOf, readStream, type StreamedEvent, textOf } from '../e2e/stream-reader.ts';
import { bearer, imageForm, jsonRequest } from '../support/api.ts';
import { chatEnvironment, MODEL, tokens } from '../support/chat.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const installed = spawnSync('nginx', ['-v']).status === 0;
/** Shorter than the silences below: what keeps a stream open are our keep-alives. */
const PROXY_READ_TIMEOUT_S = 12;
const SILENCE_MS = 30_000;
const ANSWER = tokens(60);

const folder = temporaryFolder();
let upstream: Upstream;
let platform: EmbeddedPlatform;
let nginx: { child: ChildProcess; url: string };
/** Made by the first tests, used by all that follow. */
let key = '';

/** nginx as its defaults are: buffering on, HTTP/1.0 to whom it stands in front of. */
async function startNginx(target: string, directives = ''): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort('127.0.0.1');
  const home = join(folder.path, `nginx-${port}`);
  mkdirSync(home);
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(home, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
     events {}
     http {
       access_log off; client_max_body_size 30m; proxy_read_timeout ${PROXY_READ_TIMEOUT_S}s;
       ${kinds.map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ')}
       server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; ${directives} } }
     }`,
  );
  const child = spawn('nginx', ['-c', file, '-e', join(home, 'error.log')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/livez`).catch(() => undefined))?.ok) await delay(50);
  return { child, url };
}

beforeAll(async () => {
  if (!installed) return;
  upstream = await startUpstream({ tokens: ANSWER, tokensPerSecond: 20 });
  platform = await EmbeddedPlatform.start(join(folder.path, 'home'), {
    ...chatEnvironment(upstream),
    CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: '1',
  });
  nginx = await startNginx(platform.address);
});
afterAll(async () => {
  nginx?.child.kill('SIGKILL');
  await platform?.end();
  await upstream?.close();
  folder.remove();
});

const withKey = (init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...init.headers, ...bearer(key).headers },
});

const stream = (session?: string) =>
  fetch(
    `${nginx.url}/v1/chat/completions`,
    withKey(
      jsonRequest({
        model: MODEL,
        stream: true,
        messages: [{ role: 'user', content: 'Halo' }],
        ...(session && { session_id: session }),
      }),
    ),
  );

/** Status of a GET without a key from another address than the one that the server listens on. */
function strangersStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { localAddress: '127.0.0.9' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
  });
}

describe.skipIf(!installed)('a stranger behind nginx', () => {
  const paths = ['/v1/admin/keys', '/v1/ktp/extractions', '/v1/ktp/batches', '/v1/models', '/metrics', '/docs'];
  const statuses = (url: string) => Promise.all(paths.map((path) => strangersStatus(`${url}${path}`)));

  it('is nobody where it is plain proxy_pass, and never an admin, as no caller without a key is', async () => {
    expect(await statuses(nginx.url)).toEqual(paths.map(() => 401));
    expect((await platform.request('/v1/ktp/extractions')).status).toBe(200);
    expect((await platform.request('/v1/admin/keys')).status).toBe(401);
    // What README warns of: nothing tells this proxy from a program of this machine. Still no admin.
    const hidden = await startNginx(platform.address, 'proxy_http_version 1.1; proxy_set_header Connection "";');
    try {
      expect(await strangersStatus(`${hidden.url}/v1/ktp/extractions`)).toBe(200);
      expect(await strangersStatus(`${hidden.url}/v1/admin/keys`)).toBe(401);

      const admin = readFileSync(join(platform.home, 'admin-key'), 'utf8').trim();
      const request = jsonRequest({ scopes: ['extract', 'chat'], name: 'behind nginx' });
      const headers = { ...request.headers, ...bearer(admin).headers };
      key = ((await (await platform.request('/v1/admin/keys', { ...request, headers })).json()) as { key: string }).key;

      expect(await statuses(hidden.url)).toEqual(paths.map(() => 401));
    } finally {
      hidden.child.kill('SIGKILL');
    }
    expect(await statuses(nginx.url)).toEqual(paths.map(() => 401));
    expect(await statuses(platform.address)).toEqual(paths.map(() => 401));
    expect((await fetch(`${nginx.url}/v1/ktp/extractions`, withKey())).status).toBe(200);
  });
});

describe.skipIf(!installed)('behind nginx', () => {
  it('a stream is not collected: its tokens come as they are made', async () => {
    upstream.behave({ tokens: ANSWER, tokensPerSecond: 20 });
    const arrivals: number[] = [];
    const { done, events } = await readStream(await stream(), () => arrivals.push(performance.now()));
    expect(done).toBe(true);
    expect(textOf(events)).toBe(ANSWER.join(''));
    // Three seconds of answer; collected, it would arrive within milliseconds.
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(2_000);
    const longestGap = Math.max(...arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0)));
    expect(longestGap).toBeLessThan(1_000);
  });

  it('a silence longer than its time-out does not end a stream', async () => {
    upstream.behave({ tokens: ANSWER, tokensPerSecond: 0, firstTokenDelayMs: SILENCE_MS });
    const { done, events } = await readStream(await stream());
    expect(done).toBe(true);
    expect(textOf(events)).toBe(ANSWER.join(''));
    upstream.behave({ firstTokenDelayMs: 0 });
  });

  it('a stream is resumed after nginx was killed in mid-answer', async () => {
    upstream.behave({ tokens: ANSWER, tokensPerSecond: 20, firstTokenDelayMs: 0 });
    const seen: StreamedEvent[] = [];
    const first = await readStream(await stream('through-nginx'), (event, count) => {
      seen.push(event);
      if (count === 20) nginx.child.kill('SIGKILL');
    });
    expect(first.broken).toBe(true);
    await once(nginx.child, 'exit').catch(() => undefined);
    nginx = await startNginx(platform.address);
    const rest = await readStream(
      await fetch(`${nginx.url}/v1/chat/completions/through-nginx/stream`, {
        headers: { 'last-event-id': seen.at(-1)?.id ?? '', ...bearer(key).headers },
      }),
    );
    expect(rest.done).toBe(true);
    const events = [...seen, ...rest.events];
    expect(textOf(events)).toBe(ANSWER.join(''));
    expect(indexesOf(events)).toEqual(events.map((_, index) => index));
  });

  it('a reader that goes away is noticed through it: the engine is stopped', async () => {
    upstream.behave({ tokens: tokens(2_000), tokensPerSecond: 20 });
    const leaving = new AbortController();
    const init = withKey(jsonRequest({ model: MODEL, stream: true, messages: [{ role: 'user', content: 'Halo' }] }));
    const response = await fetch(`${nginx.url}/v1/chat/completions`, { ...init, signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    await expect.poll(() => upstream.requests.at(-1)?.closedAt, { timeout: 5_000 }).not.toBeNull();
  });

  it('a card is read, and one that is too large for us is told so in our words', async () => {
    const send = (image: Uint8Array) =>
      fetch(`${nginx.url}/ktp-ocr/`, withKey({ method: 'POST', body: imageForm(image) }));
    const response = await send(exampleImage(1));
    expect(response.status).toBe(200);
    expect((await response.json()) as object).toMatchObject({ nik: exampleTruth(1).nik });
    const large = await send(new Uint8Array(25_000_000));
    expect(large.status).toBe(413);
    expect(((await large.json()) as { error: { code: string } }).error.code).toBe('payload_too_large');
  });
});
