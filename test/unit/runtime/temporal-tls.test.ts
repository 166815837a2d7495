import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStreamConnection } from '../../../src/api/chat/stream-connection.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { Keyring } from '../../../src/encryption/keyring.ts';
import { temporalSecurity } from '../../../src/encryption/temporal-security.ts';
import { connectWorker, createTemporalClient } from '../../../src/runtime/roles/connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktpflow-tls-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** An authority, and a certificate that it signed for a server named `temporal.test` and for a client. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority', '-days', '2');
  for (const name of ['server', 'client']) {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:temporal.test'];
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-out', `${name}.pem`, '-days', '2');
  }
}

/** Answers every gRPC call with an empty message, and notes by whose certificate it was asked. */
async function startServer(callers: string[]): Promise<{ server: Http2SecureServer; port: number; close(): void }> {
  const server = createSecureServer({
    cert: readFileSync(file('server.pem')),
    key: readFileSync(file('server.key')),
    ca: readFileSync(file('ca.pem')),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    const socket = stream.session?.socket;
    if (socket instanceof TLSSocket) callers.push(String(socket.getPeerCertificate().subject?.CN));
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('error', () => undefined);
    stream.end(Buffer.alloc(5));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { server, port: (server.address() as AddressInfo).port, close };
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('a Temporal server that asks for a certificate', () => {
  const callers: string[] = [];
  let server: Awaited<ReturnType<typeof startServer>>;
  const settings = () => ({
    TEMPORAL_ADDRESS: `127.0.0.1:${server.port}`,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.pem'),
    TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
  });
  beforeAll(async () => {
    makeCertificates();
    server = await startServer(callers);
  });
  afterAll(() => server?.close());

  it("gets ours from the API's client, from its streams and from the workers", async () => {
    const config = readConfig(settings());
    const keyring = new Keyring([{ id: 'k', secret: randomBytes(32) }]);
    const client = createTemporalClient(config, keyring);
    const streams = createStreamConnection(config);
    for (const connection of [client.connection, streams]) {
      callers.length = 0;
      await connection.workflowService.getSystemInfo({});
      expect(callers).toContain('client');
      await connection.close();
    }
    callers.length = 0;
    await (await connectWorker(config)).close();
    expect(callers).toContain('client');
  });

  it('is not talked to where its own certificate is of a stranger', async () => {
    const { TEMPORAL_TLS_SERVER_CA_CERT_PATH: _, ...others } = settings();
    callers.length = 0;
    await expect(connectWorker(readConfig(others))).rejects.toThrow();
    expect(callers).toEqual([]);
  });
});

describe('settings of the connection to Temporal', () => {
  it('are plain text unless something asks for TLS', () => {
    expect(temporalSecurity(readConfig({}))).toEqual({});
    expect(temporalSecurity(readConfig({ TEMPORAL_TLS: '1' }))).toEqual({ tls: true });
    expect(temporalSecurity(readConfig({ TEMPORAL_API_KEY: 'key' }))).toEqual({ tls: true, apiKey: 'key' });
    expect(temporalSecurity(readConfig({ TEMPORAL_TLS_SERVER_NAME: 'a' }))).toEqual({
      tls: { serverNameOverride: 'a' },
    });
  });

  it.each([
    [{ TEMPORAL_TLS_CLIENT_CERT_PATH: file('missing.pem') }, /TEMPORAL_TLS_CLIENT_CERT_PATH: .*ENOENT/],
    [{ TEMPORAL_TLS_CLIENT_KEY_PATH: import.meta.filename }, /set both or none/],
  ])('stop the start with the name of the variable: %j', (environment, message) => {
    const read = () => temporalSecurity(readConfig(environment));
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
  });
});
