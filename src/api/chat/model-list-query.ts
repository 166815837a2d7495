import { openAiPageSchema } from '../http/openai-pagination.ts';

const MOST = 10_000;

/** Pages of the models, in our order. */
export const modelListQuerySchema = openAiPageSchema({ id: /^.{1,256}$/, maxLimit: MOST, defaultLimit: MOST }).omit({
  order: true,
});
