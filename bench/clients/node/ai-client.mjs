import { fetchWith, runAiFeatures } from './ai-features.mjs';
import { BASE_URL, KEY, MODEL } from './common.mjs';
import { load } from './load.mjs';

const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible');

await runAiFeatures(({ body, headers, name = MODEL }) => {
  const options = { name: 'ktpflow', baseURL: BASE_URL, apiKey: KEY, headers, supportsStructuredOutputs: true };
  return createOpenAICompatible({ ...options, fetch: fetchWith(body) })(name);
});
