import { fetchWith, runAiFeatures } from './ai-features.mjs';
import { BASE_URL, KEY, MODEL } from './common.mjs';
import { load } from './load.mjs';

const { createOpenAI } = await load('@ai-sdk/openai');

await runAiFeatures(({ body, headers, name = MODEL }) =>
  createOpenAI({ baseURL: BASE_URL, apiKey: KEY, headers, fetch: fetchWith(body) }).chat(name),
);
