import { expect, it } from 'vitest';
import { KtpflowError } from '../../../src/errors.ts';
import { inWordsOfResponses } from '../../../src/responses/name-parameters.ts';

it.each([
  ['messages', 'input'],
  ['messages[3].content[0]', 'input'],
  ['response_format.json_schema.schema', 'text.format.schema'],
  ['response_format', 'text.format'],
  ['max_tokens', 'max_output_tokens'],
  ['reasoning_effort', 'reasoning.effort'],
  ['tools[2].function.name', 'tools[2].name'],
  ['temperature', 'temperature'],
  ['metadata.messages', 'metadata.messages'],
])('an error about %s is told about %s, which is what the caller of a response wrote', (param, told) => {
  const error = new KtpflowError('invalid_value', `${param} is wrong.`, { param, retryAfterSeconds: 3, status: 422 });
  const { code, message, retryAfterSeconds, status, ...rest } = inWordsOfResponses(error) as KtpflowError;
  expect({ code, message, param: rest.param, retryAfterSeconds, status }).toEqual({
    code: 'invalid_value',
    message: `${told} is wrong.`,
    param: told,
    retryAfterSeconds: 3,
    status: 422,
  });
});

it('what is no error of ours stays as it is', () => {
  const error = new Error('x');
  expect(inWordsOfResponses(error)).toBe(error);
});
