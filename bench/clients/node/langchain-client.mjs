import { BASE_URL, equal, failing, IMAGE, KEY, MODEL, PERSON, prompt, run, SESSION, WORDS } from './common.mjs';
import { load } from './load.mjs';

const { ChatOpenAI } = await load('@langchain/openai');
const { HumanMessage, ToolMessage } = await load('@langchain/core/messages');
const { tool } = await load('@langchain/core/tools');
const { z } = await load('zod');

const model = ({ headers, name = MODEL, ...options } = {}) =>
  new ChatOpenAI({
    model: name,
    apiKey: KEY,
    maxRetries: 0,
    streamUsage: false,
    configuration: { baseURL: BASE_URL, defaultHeaders: headers },
    ...options,
  });
const find = tool(async () => '1', {
  name: 'find',
  description: 'Finds something.',
  schema: z.object({ q: z.string() }),
});

async function text(asked, options) {
  let said = '';
  for await (const chunk of await model(options).stream(prompt(asked))) said += chunk.content;
  return said;
}

await run({
  async plain() {
    equal((await model().invoke(prompt('plain'))).content, WORDS);
  },
  async stream() {
    equal(await text('plain', { streamUsage: true }), WORDS);
  },
  async silence() {
    equal(await text('silence'), WORDS);
  },
  async tools() {
    const bound = model().bindTools([find]);
    const question = new HumanMessage(prompt('tools'));
    const answer = await bound.invoke([question]);
    equal(answer.tool_calls[0].args, { q: 'a' });
    const result = new ToolMessage({ content: '1', tool_call_id: answer.tool_calls[0].id });
    equal((await bound.invoke([question, answer, result])).content, WORDS);
  },
  async structured() {
    const schema = z.object({ nama: z.string(), umur: z.number() });
    for (const method of ['jsonSchema', 'functionCalling', 'jsonMode']) {
      const found = await model().withStructuredOutput(schema, { name: 'person', method }).invoke(prompt('structured'));
      equal(found, PERSON);
    }
  },
  async image() {
    const content = [
      { type: 'text', text: 'image' },
      { type: 'image_url', image_url: { url: IMAGE } },
    ];
    equal((await model().invoke([new HumanMessage({ content })])).content, 'picture');
  },
  async abort() {
    let seen = 0;
    for await (const _ of await model().stream(prompt('slow'))) if (++seen === 3) break;
  },
  async resume() {
    const modelKwargs = { session_id: SESSION };
    equal(await text('plain', { modelKwargs }), WORDS);
    const headers = { 'Last-Event-ID': `${SESSION}:3` };
    equal(await text('plain', { modelKwargs, headers }), WORDS.replace('w0 w1 w2 ', ''));
  },
  async errors() {
    const create = (options) => failing(() => model(options).invoke(prompt('plain')));
    equal((await create({ name: 'nobody' })).status, 404);
    equal((await create({ temperature: 9 })).status, 400);
    await failing(() => text('fail'));
  },
});
