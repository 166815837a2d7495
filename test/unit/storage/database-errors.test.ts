import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterEach, describe, expect, it } from 'vitest';
import { isDatabaseUnavailable } from '../../../src/storage/database-errors.ts';
import { PrismaClient } from '../../../src/storage/generated/client.ts';

const sockets = new Set<Socket>();
let server: Server | undefined;
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** A server on PostgreSQL's protocol in so far as it does this with each connection. */
async function startServer(behave: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `postgresql://ktpflow@127.0.0.1:${(server.address() as AddressInfo).port}/ktpflow`;
}

async function failureOf(connectionString: string): Promise<unknown> {
  const database = new PrismaClient({ adapter: new PrismaPg({ connectionString, connectionTimeoutMillis: 200 }) });
  try {
    return await database.extraction.findFirst().then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    await database.$disconnect();
  }
}

/** AuthenticationOk and ReadyForQuery, as the server says them. */
const GREETING = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

describe('a database that is away is told from a fault of ours', () => {
  it.each([
    ['accepts and says nothing, as a frozen one does', () => undefined],
    ['hangs up before it has greeted', (socket: Socket) => socket.once('data', () => socket.end())],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    [
      'is killed while it answers',
      (socket: Socket) =>
        socket.once('data', () => {
          socket.write(GREETING);
          socket.once('data', () => socket.end());
        }),
    ],
  ])('where it %s', async (_name, behave) => {
    const failure = await failureOf(await startServer(behave));
    expect(failure).toBeInstanceOf(Error);
    expect(isDatabaseUnavailable(failure)).toBe(true);
  });
});
