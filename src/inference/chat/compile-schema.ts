import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { compilePattern } from './portable-pattern.ts';
import { toPortableSchema } from './portable-schema.ts';

const MAX_PROBLEMS = 5;

/** @throws Error where it is no schema of any dialect that is known */
export function compilePortableSchema(schema: unknown): ValidateFunction {
  const regExp = Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' });
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateFormats: true,
    logger: false,
    multipleOfPrecision: 9,
    // Every object has a `constructor`: a property of that name is meant to be its own.
    ownProperties: true,
    code: { regExp },
  });
  addFormats.default(ajv);
  // Patterns of other languages are patterns too.
  ajv.addFormat('regex', true);
  return ajv.compile(toPortableSchema(schema) as Record<string, unknown>);
}

/** What is wrong with a value that was just refused, in words that a model understands. */
export function describeProblems({ errors }: ValidateFunction): string {
  const problems = (errors ?? []).slice(0, MAX_PROBLEMS).map(describeProblem);
  return problems.length > 0 ? problems.join('; ') : 'it does not satisfy the schema';
}

function describeProblem({ instancePath, message, params }: ErrorObject): string {
  const detail = 'allowedValues' in params ? ` (${JSON.stringify(params.allowedValues)})` : '';
  return `${instancePath === '' ? 'the value' : instancePath} ${message ?? 'is not valid'}${detail}`;
}
