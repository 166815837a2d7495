/** Prisma: no connection, pool exhausted, transaction could not start or was closed by the other side. */
const PRISMA_CONNECTION = /^P(10(01|02|08|11|17)|2024|2028|2037)$/;
/** PostgreSQL: connection exceptions, too many connections, disk or memory full, a failing disk, shut down, starting up. */
const POSTGRES_AWAY = /^(08\w{3}|53[123]00|58030|57P0[1-3])$/;
const SOCKET = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** pg and its pool, in errors without a code that Prisma passes on as they are. */
const PG_CONNECTION =
  /^(Connection terminated|timeout (expired|exceeded when trying to connect)|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable)/;
const ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'AuthenticationFailed',
  'DatabaseDoesNotExist',
  'TlsConnectionError',
]);
/** PostgreSQL: a text that cannot be stored in UTF-8; in practice one with a NUL. */
const UNSTORABLE_TEXT = '22021';
const MAX_DEPTH = 5;

/** Whether the database cannot be used right now, in whichever of Prisma's many forms that is said. */
export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return false;
  if ('name' in error && error.name === 'PrismaClientInitializationError') return true;
  if ('kind' in error && typeof error.kind === 'string' && ADAPTER_KINDS.has(error.kind)) return true;
  for (const code of ['code', 'originalCode'].map((key) => (error as Record<string, unknown>)[key])) {
    if (typeof code !== 'string') continue;
    if (PRISMA_CONNECTION.test(code) || POSTGRES_AWAY.test(code)) return true;
    if (SOCKET.test(code) && isOfDatabase(error)) return true;
  }
  if (error instanceof Error && /^PGlite is clos(ed|ing)/.test(error.message)) return true;
  if (error instanceof Error && PG_CONNECTION.test(error.message) && isOfDatabase(error)) return true;
  const { cause, meta } = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } };
  return isDatabaseUnavailable(cause, depth + 1) || isDatabaseUnavailable(meta?.driverAdapterError, depth + 1);
}

/**
 * Whether the database refused a text that came from the caller: a NUL in an id, a cursor or a name gets through every
 * check of a length or a type, and PostgreSQL has no form for it.
 */
export function isUnstorableText(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return false;
  const { cause, meta, originalCode } = error as {
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
    originalCode?: unknown;
  };
  if (originalCode === UNSTORABLE_TEXT) return true;
  return isUnstorableText(cause, depth + 1) || isUnstorableText(meta?.driverAdapterError, depth + 1);
}

/** Such an error alone could be anybody's: pg's own and Prisma's say where they come from. */
function isOfDatabase(error: object): boolean {
  const { name, stack } = error as { name?: unknown; stack?: unknown };
  return /Prisma|DriverAdapter/.test(String(name)) || /[\\/](pg|pg-pool|@prisma)[\\/]/.test(String(stack));
}
