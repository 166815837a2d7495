/**
 * Entry of the thread that compiles and checks JSON schemas: a stranger's schema may hold a pattern that takes for ever,
 * and a thread can be ended in the middle of one. See json-schema.ts for the other side.
 */
import { parentPort } from 'node:worker_threads';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { compilePortableSchema, describeProblems } from './compile-schema.ts';
import type { SchemaAnswer, SchemaQuestion } from './schema-messages.ts';

const port = parentPort;
if (!port) throw new Error('schema-thread.ts runs in a worker thread only');

/** A schema is asked about several times in a row: when it comes, and for each try at an answer. */
const MAX_KEPT = 16;
const kept = new Map<string, ValidateFunction>();

function judge({ schema, value }: SchemaQuestion): SchemaAnswer {
  let validate: ValidateFunction;
  try {
    validate = kept.get(schema) ?? compilePortableSchema(JSON.parse(schema));
  } catch {
    return { kind: 'bad-schema' };
  }
  kept.delete(schema);
  kept.set(schema, validate);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? '');
  if (value === undefined || validate(value) === true) return { kind: 'good' };
  return { kind: 'bad-value', problem: describeProblems(validate) };
}

const answer = (message: SchemaAnswer): void => port.postMessage(message);
port.on('message', (question: SchemaQuestion) => {
  try {
    answer(judge(question));
  } catch {
    answer({ kind: 'bad-schema' });
  }
});
answer({ kind: 'ready' });
