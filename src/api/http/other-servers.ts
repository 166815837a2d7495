const CHAT = 'POST /v1/chat/completions';

/** Routes that other servers have, and what to use here instead; the first that fits counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/v1\//, 'The path has /v1 twice: leave it out of the base URL, or of the path.'],
  [/^\/(chat\/completions|models)\/?$/, `The base URL lacks /v1: chat is answered at ${CHAT}.`],
  [/^\/(v1\/)?completions?\/?$/, `This server has no text completions; it answers chat at ${CHAT}.`],
  [
    /^\/(v1|api)\/embed(dings?)?\/?$|^\/embeddings?\/?$/,
    `This server makes no embeddings; it answers chat at ${CHAT}.`,
  ],
  [/^\/(v\d\/)?(rerank|score|classify)\/?$/, `This server ranks no documents; it answers chat at ${CHAT}.`],
  [/^\/v1\/uploads(\/|$)/, 'This server takes no file in parts; a whole one is sent to POST /v1/files.'],
  [
    /^\/v1\/(images|audio|videos|moderations|realtime|fine_tuning|vector_stores)(\/|$)/,
    `This server has no such API; it answers chat at ${CHAT}.`,
  ],
  [
    /^\/v1\/(assistants|threads|conversations)(\/|$)/,
    `This server keeps no assistants; it answers chat at ${CHAT}, with a session_id where it is to be resumed.`,
  ],
  [/^\/v1\/(messages|complete)(\/|$)|^\/v1beta\//, `This server speaks OpenAI's protocol: it answers chat at ${CHAT}.`],
  [
    /^\/api\/(chat|generate|tags|show|ps|version|pull|embed\w*)\/?$/,
    `This server does not speak Ollama's protocol: it answers chat at ${CHAT}, and lists its models at GET /v1/models.`,
  ],
  [
    /^\/(props|slots|tokenize|detokenize|infill|generate|v1\/internal\/.*|sdapi\/.*)\/?$/,
    `This server has no such route of a model server; it answers chat at ${CHAT}.`,
  ],
  [
    /^\/openai\/|^\/v1\/(engines|deployments)\//,
    `This server does not speak Azure's paths: with a base URL that ends in /v1, chat is answered at ${CHAT}.`,
  ],
  [/^\/(api|openai)\/v\d\//, `The API begins with /v1, without a prefix: chat is answered at ${CHAT}.`],
  // Under another prefix, with a slash too many, or with the end of a line behind it.
  [/\/chat(\/|%2f)+completions(\/|\s|%20|%0[ad])*$|^\/(v1\/)?chat\/*$/i, `Chat is answered at ${CHAT}.`],
  [
    /^\/(v1\/?)?$/,
    `The API begins with /v1: chat is answered at ${CHAT}, cards are read at POST /ktp-ocr/; see /docs.`,
  ],
];

/** What a caller of a path that is not here most likely looks for; undefined: nobody knows. */
export function hintFor(path: string): string | undefined {
  return HINTS.find(([paths]) => paths.test(path))?.[1];
}
