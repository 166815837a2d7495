import { expect, it } from 'vitest';
import { apiRoot, serverRoot } from '../../../src/inference/openai-compatible/base-url.ts';

it.each([
  ['http://gpu:8000', 'http://gpu:8000', 'http://gpu:8000/v1'],
  ['http://gpu:8000/v1', 'http://gpu:8000', 'http://gpu:8000/v1'],
  [' http://gpu:8000/v1/ ', 'http://gpu:8000', 'http://gpu:8000/v1'],
  ['http://gpu:8000/v1/chat/completions', 'http://gpu:8000', 'http://gpu:8000/v1'],
  ['http://gpu:8000/v1/chat/completions/', 'http://gpu:8000', 'http://gpu:8000/v1'],
  ['http://gateway/vllm', 'http://gateway/vllm', 'http://gateway/vllm/v1'],
  ['http://gateway/v1beta/openai/', 'http://gateway/v1beta/openai', 'http://gateway/v1beta/openai'],
  ['http://gateway/api/v3', 'http://gateway/api/v3', 'http://gateway/api/v3'],
  ['http://gateway/openai/v1', 'http://gateway/openai', 'http://gateway/openai/v1'],
])('the address %s, as people write it, is the one of a server', (written, server, api) => {
  expect(serverRoot(written)).toBe(server);
  expect(apiRoot(written)).toBe(api);
});
