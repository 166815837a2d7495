import type { Database } from '../../storage/database.ts';
import type { Caller } from './caller.ts';

/** What an entry may say was done. A test names the actions of every route (`access-routes.test.ts`). */
export const ACCESS_ACTIONS = [
  'extraction.create',
  'extraction.read',
  'extraction.read_masked',
  'extraction.cancel',
  'extraction.delete',
  'review.read',
  'review.claim',
  'review.release',
  'review.decide',
  'review.export',
  'chat.create',
  'chat.read',
  'chat.cancel',
  'chat.delete',
  'batch.create',
  'batch.read',
  'batch.cancel',
  'batch.retry',
  'batch.pause',
  'batch.resume',
  'batch.add',
  'batch.seal',
  'batch.link',
  'batch.delete',
  'file.create',
  'file.read',
  'file.delete',
  'chat_batch.create',
  'chat_batch.cancel',
  'webhook.redeliver',
  'webhook.send',
  'subject.search',
  'key.create',
  'key.rotate',
  'key.delete',
] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

export interface Access {
  readonly caller: Caller;
  readonly action: AccessAction;
  /** Id of the record; random, says nothing of a person. */
  readonly subject: string;
  /** `requestId` of the request's state. */
  readonly requestId: string;
}

/** Whose request touches a record. */
export type Requester = Pick<Access, 'caller' | 'requestId'>;

/**
 * Who processed or read which record, without values (UU PDP 27/2022 art. 31: records of processing). Append-only
 * for 30 days, by rules of the database; older entries go after ACCESS_LOG_DAYS. An answer with personal data goes out only
 * after its entry was written.
 */
export class AccessLog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async write(access: Access): Promise<void> {
    await this.#database.accessLogEntry.create({ data: accessLogRow(access) });
  }

  /** An entry for each record, in their order. */
  async writeAll(access: Omit<Access, 'subject'>, subjects: readonly string[]): Promise<void> {
    const data = subjects.map((subject) => accessLogRow({ ...access, subject }));
    await this.#database.accessLogEntry.createMany({ data });
  }
}

/** The row of an access, for writers that put it into a transaction of their own. */
export function accessLogRow({ caller, action, subject, requestId }: Access) {
  return { tenant: caller.tenant, actor: caller.actor, action, subject, requestId };
}
