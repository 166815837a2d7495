import type { Database } from '../../src/storage/database.ts';

/** A database that can go away: every query then fails as one does that finds no server. */
export class AbsentDatabase {
  isAway = false;

  /** The same database, as long as it is there. */
  before(database: Database): Database {
    const guard = (part: object): object =>
      new Proxy(part, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value === 'function') return (...inputs: unknown[]) => this.#call(target, value, inputs);
          return typeof value === 'object' && value !== null ? guard(value) : value;
        },
      });
    return guard(database) as Database;
  }

  #call(target: object, method: unknown, inputs: readonly unknown[]): unknown {
    if (this.isAway) {
      const failed = Promise.reject(new NotReachableError());
      // Prisma's own fail when they are awaited; those of a transaction never are.
      failed.catch(() => undefined);
      return failed;
    }
    return Reflect.apply(method as (...inputs: unknown[]) => unknown, target, inputs);
  }
}

class NotReachableError extends Error {
  override readonly name = 'PrismaClientInitializationError';
  readonly code = 'P1001';
}
