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

const findFirst = (database: PrismaClient): Promise<unknown> => database.extraction.findFirst();

/** For servers that answer: on a busy machine a short time-out was the failure that the test saw. */
const PATIENT_MS = 60_000;

async function failureOf(connectionString: string, timeoutMs: number, ask = findFirst): Promise<unknown> {
  const adapter = new PrismaPg({ connectionString, connectionTimeoutMillis: timeoutMs });
  const database = new PrismaClient({ adapter });
  try {
    return await ask(database).then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    await database.$disconnect();
  }
}

/** AuthenticationOk and ReadyForQuery, as the server says them. */
const GREETING = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** ErrorResponse and ReadyForQuery. */
function refusal(code: string): Buffer {
  const fields = Buffer.from(`SERROR\0C${code}\0Mcould not extend file\0\0`);
  const header = Buffer.from([0x45, 0, 0, 0, fields.length + 4]);
  return Buffer.concat([header, fields, GREETING.subarray(9)]);
}

function refuseWith(code: string): (socket: Socket) => void {
  return (socket) =>
    socket.once('data', () => {
      socket.write(GREETING);
      socket.on('data', () => socket.write(refusal(code)));
    });
}

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
    const failure = await failureOf(await startServer(behave), 200);
    expect(failure).toBeInstanceOf(Error);
    expect(isDatabaseUnavailable(failure)).toBe(true);
  });

  it.each([
    ['a statement of Prisma', findFirst],
    ['one of ours', (database: PrismaClient) => database.$executeRaw`UPDATE "extractions" SET "status" = 'running'`],
  ])('where its disk is full: %s', async (_name, ask) => {
    const failure = await failureOf(await startServer(refuseWith('53100')), PATIENT_MS, ask);
    expect(isDatabaseUnavailable(failure)).toBe(true);
  });

  it('but not where a statement is wrong', async () => {
    const failure = await failureOf(await startServer(refuseWith('42703')), PATIENT_MS);
    expect(failure).toBeInstanceOf(Error);
    expect(isDatabaseUnavailable(failure)).toBe(false);
  });
});
