import { equal, failing, IMAGE_BASE64, PERSON, prompt, run, SESSION, WORDS } from './common.mjs';
import { load } from './load.mjs';

const ai = await load('ai');
const { z } = await load('zod');

/** The features by the AI SDK. @param model makes a model, with headers and more fields of the body. */
export async function runAiFeatures(model) {
  const base = (text, options = {}) => ({ model: model(options), prompt: prompt(text), maxRetries: 0 });
  const text = async (asked, options) => {
    let said = '';
    for await (const part of ai.streamText({ ...base(asked, options), onError() {} }).textStream) said += part;
    return said;
  };
  const find = (asked) =>
    ai.tool({
      description: 'Finds something.',
      inputSchema: z.object({ q: z.string() }),
      execute: async ({ q }) => asked.push(q),
    });

  await run({
    async plain() {
      equal((await ai.generateText(base('plain'))).text, WORDS);
    },
    async stream() {
      equal(await text('plain'), WORDS);
    },
    async silence() {
      equal(await text('silence'), WORDS);
    },
    async tools() {
      const asked = [];
      const options = { ...base('tools'), tools: { find: find(asked) }, stopWhen: ai.stepCountIs(3) };
      equal((await ai.generateText(options)).text, WORDS);
      let said = '';
      for await (const part of ai.streamText(options).textStream) said += part;
      equal(said, WORDS);
      equal(asked, ['a', 'a']);
    },
    async structured() {
      const schema = z.object({ nama: z.string(), umur: z.number() });
      equal((await ai.generateObject({ ...base('structured'), schema })).object, PERSON);
      let last;
      for await (const part of ai.streamObject({ ...base('structured'), schema }).partialObjectStream) last = part;
      equal(last, PERSON);
    },
    async image() {
      const content = [
        { type: 'text', text: 'image' },
        { type: 'image', image: IMAGE_BASE64, mediaType: 'image/png' },
      ];
      const { prompt: _, ...rest } = base('image');
      equal((await ai.generateText({ ...rest, messages: [{ role: 'user', content }] })).text, 'picture');
    },
    async abort() {
      const stop = new AbortController();
      const answer = ai.streamText({ ...base('slow'), abortSignal: stop.signal, onError() {} });
      let seen = 0;
      for await (const _ of answer.textStream) {
        if (++seen < 3) continue;
        stop.abort();
        break;
      }
    },
    async resume() {
      const body = { session_id: SESSION };
      equal(await text('plain', { body }), WORDS);
      const headers = { 'Last-Event-ID': `${SESSION}:3` };
      equal(await text('plain', { body, headers }), WORDS.replace('w0 w1 w2 ', ''));
    },
    async errors() {
      const create = (options, rest = {}) => failing(() => ai.generateText({ ...base('plain', options), ...rest }));
      equal((await create({ name: 'nobody' })).statusCode, 404);
      equal((await create({}, { temperature: 9 })).statusCode, 400);
      const parts = [];
      for await (const part of ai.streamText({ ...base('fail'), onError() {} }).fullStream) parts.push(part.type);
      equal(parts.includes('error'), true);
    },
  });
}

/** A fetch that adds fields to the body, for those that the SDK has no option for. */
export function fetchWith(fields = {}) {
  return (url, init) => fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(init.body), ...fields }) });
}
