import { createContext, Script } from 'node:vm';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { KtpflowError } from '../../errors.ts';

/** A stranger's schema may hold a pattern that takes for ever: neither compiling nor checking may hold us up. */
const MAX_MILLISECONDS = 1_000;
const MAX_SCHEMA_CHARACTERS = 256 * 1024;
const MAX_PROBLEMS = 5;

/** What is wrong with a value, in words that a model understands; null: it satisfies the schema. */
export type SchemaCheck = (value: unknown) => string | null;

/**
 * Compiles a JSON schema (draft 2020-12, formats included; unknown keywords are let pass, references to the outside
 * are not followed).
 * @throws KtpflowError invalid_value where it is no schema
 */
export function compileSchema(schema: Readonly<Record<string, unknown>>): SchemaCheck {
  if (JSON.stringify(schema).length > MAX_SCHEMA_CHARACTERS) throw badSchema('is too large');
  if (schema.$async === true) throw badSchema('must not be asynchronous');
  const validate = within(() => {
    const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true, logger: false });
    addFormats.default(ajv);
    return ajv.compile(withoutDialect(schema));
  });
  if (validate.kind !== 'done') throw badSchema('is not a JSON schema of draft 2020-12');
  return (value) => check(validate.result, value);
}

function check(validate: ValidateFunction, value: unknown): string | null {
  const outcome = within(() => validate(value));
  if (outcome.kind === 'too-slow') throw badSchema('takes too long to be checked');
  if (outcome.kind === 'failed') throw badSchema('cannot be checked');
  if (outcome.result === true) return null;
  const problems = (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(describeProblem);
  return problems.length > 0 ? problems.join('; ') : 'it does not satisfy the schema';
}

function describeProblem({ instancePath, message, params }: ErrorObject): string {
  const detail = 'allowedValues' in params ? ` (${JSON.stringify(params.allowedValues)})` : '';
  return `${instancePath === '' ? 'the value' : instancePath} ${message ?? 'is not valid'}${detail}`;
}

/** Older dialects are close enough to be read as the present one, where Ajv would refuse their name. */
function withoutDialect(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = schema;
  return rest;
}

type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed' }
  | { readonly kind: 'too-slow' };

const CALL = new Script('work()');

/** Runs synchronous work under a time limit; the limit of a vm context ends regular expressions too. */
function within<Result>(work: () => Result): Outcome<Result> {
  let result: { readonly value: Result } | undefined;
  const sandbox = {
    work: () => {
      result = { value: work() };
    },
  };
  try {
    CALL.runInContext(createContext(sandbox), { timeout: MAX_MILLISECONDS });
  } catch (error) {
    // The error may be of the context's own Error class.
    const coded = typeof error === 'object' && error !== null && 'code' in error;
    if (coded && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { kind: 'too-slow' };
    return { kind: 'failed' };
  }
  return result ? { kind: 'done', result: result.value } : { kind: 'failed' };
}

function badSchema(what: string): KtpflowError {
  const param = 'response_format.json_schema.schema';
  return new KtpflowError('invalid_value', `${param} ${what}.`, { param });
}
