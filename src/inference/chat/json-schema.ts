import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { KtpflowError } from '../../errors.ts';
import { startThread } from '../start-thread.ts';
import type { SchemaAnswer, SchemaQuestion } from './schema-messages.ts';

/** For compiling or checking once; the thread is ended where that takes longer. */
const MAX_MILLISECONDS = 4_000;
const MAX_SCHEMA_CHARACTERS = 256 * 1024;

/** What is wrong with a value, in words that a model understands; null: it satisfies the schema. */
export type SchemaCheck = (value: unknown) => Promise<string | null>;

/**
 * Compiles a JSON schema (draft 2020-12, and older and other dialects as far as they mean the same; formats included;
 * unknown keywords and patterns are let pass, references to the outside are not followed).
 * @throws KtpflowError invalid_value where it is no schema; the check throws it where it takes too long
 */
export async function compileSchema(schema: Readonly<Record<string, unknown>>): Promise<SchemaCheck> {
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA_CHARACTERS) throw badSchema('is too large');
  if (schema.$async === true) throw badSchema('must not be asynchronous');
  if ((await ask({ schema: text })).kind === 'bad-schema') throw badSchema('is not a JSON schema');
  return async (value) => {
    const answer = await ask({ schema: text, value });
    if (answer.kind === 'bad-schema') throw badSchema('cannot be checked');
    return answer.kind === 'bad-value' ? answer.problem : null;
  };
}

/** One question at a time. */
let last: Promise<unknown> = Promise.resolve();
let thread: Promise<Worker> | null = null;

function ask(question: SchemaQuestion): Promise<SchemaAnswer> {
  const answer = last.then(() => askThread(question));
  last = answer.catch(() => undefined);
  return answer;
}

async function askThread(question: SchemaQuestion): Promise<SchemaAnswer> {
  thread ??= startSchemaThread();
  const worker = await thread.catch((cause: unknown) => {
    thread = null;
    throw new KtpflowError('internal', 'The schema cannot be checked right now.', { cause, retryable: true });
  });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(badSchema('takes too long to be checked')), MAX_MILLISECONDS);
  worker.ref();
  try {
    const answered = once(worker, 'message', { signal: late.signal });
    worker.postMessage(question);
    const ended = once(worker, 'exit', { signal: late.signal }).then(() => Promise.reject(new Error('it ended')));
    const [answer] = (await Promise.race([answered, ended])) as [SchemaAnswer];
    return answer;
  } catch (cause) {
    thread = null;
    // A thread in the middle of a pattern never ends by itself.
    worker.on('error', () => undefined);
    void worker.terminate();
    if (late.signal.aborted) throw late.signal.reason;
    throw new KtpflowError('internal', 'The schema cannot be checked.', { cause });
  } finally {
    clearTimeout(timer);
    late.abort();
    worker.unref();
  }
}

async function startSchemaThread(): Promise<Worker> {
  const worker = startThread(new URL('./schema-thread.js', import.meta.url), { name: 'schemas' });
  // Rejects where the thread fails before.
  await once(worker, 'message');
  worker.unref();
  return worker;
}

function badSchema(what: string): KtpflowError {
  const param = 'response_format.json_schema.schema';
  return new KtpflowError('invalid_value', `${param} ${what}.`, { param });
}
