import { BASE_URL, equal, failing, IMAGE, KEY, MODEL, PERSON, prompt, run, SESSION, WORDS } from './common.mjs';
import { load } from './load.mjs';

const { default: OpenAI } = await load('openai');
const { zodResponseFormat } = await load('openai/helpers/zod');
const { z } = await load('zod');
const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY, maxRetries: 0 });
const ask = (content) => ({ model: MODEL, messages: [{ role: 'user', content }] });
const find = {
  type: 'function',
  function: { name: 'find', parameters: { type: 'object', properties: { q: { type: 'string' } } } },
};

async function text(body, options) {
  let said = '';
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }, options)) {
    said += chunk.choices[0]?.delta.content ?? '';
  }
  return said;
}

await run({
  async plain() {
    const answer = await client.chat.completions.create(ask(prompt('plain')));
    equal(answer.choices[0].message.content, WORDS);
  },
  async stream() {
    equal(await text({ ...ask(prompt('plain')), stream_options: { include_usage: true } }), WORDS);
  },
  async silence() {
    equal(await text(ask(prompt('silence'))), WORDS);
  },
  async tools() {
    const asked = [];
    const called = { ...find.function, function: async ({ q }) => asked.push(q), parse: JSON.parse };
    const tools = [{ type: 'function', function: called }];
    equal(await client.chat.completions.runTools({ ...ask(prompt('tools')), tools }).finalContent(), WORDS);
    equal(asked, ['a']);
    const stream = client.chat.completions.stream({ ...ask(prompt('tools')), tools: [find] });
    const [call] = (await stream.finalMessage()).tool_calls;
    equal(call.function.arguments, '{"q":"a"}');
  },
  async structured() {
    const person = z.object({ nama: z.string(), umur: z.number() });
    const response_format = zodResponseFormat(person, 'person');
    const answer = await client.chat.completions.parse({ ...ask(prompt('structured')), response_format });
    equal(answer.choices[0].message.parsed, PERSON);
  },
  async image() {
    const content = [
      { type: 'text', text: 'image' },
      { type: 'image_url', image_url: { url: IMAGE } },
    ];
    equal((await client.chat.completions.create(ask(content))).choices[0].message.content, 'picture');
  },
  async abort() {
    const stream = await client.chat.completions.create({ ...ask(prompt('slow')), stream: true });
    let seen = 0;
    for await (const _ of stream) if (++seen === 3) break;
  },
  async resume() {
    const body = { ...ask(prompt('plain')), session_id: SESSION, stream: true };
    const seen = [];
    for await (const chunk of await client.chat.completions.create(body)) {
      seen.push(chunk.choices[0].delta.content ?? '');
      if (seen.length === 4) break;
    }
    const headers = { 'Last-Event-ID': `${SESSION}:${seen.length - 1}` };
    equal(seen.join('') + (await text(body, { headers })), WORDS);
  },
  async errors() {
    const create = (body) => failing(() => client.chat.completions.create({ ...ask(prompt('plain')), ...body }));
    equal((await create({ model: 'nobody' })) instanceof OpenAI.NotFoundError, true);
    equal((await create({ temperature: 9 })) instanceof OpenAI.BadRequestError, true);
    equal((await create({ model: 'ktp-ocr' })) instanceof OpenAI.UnprocessableEntityError, true);
    equal((await failing(() => text(ask(prompt('fail'))))) instanceof OpenAI.APIError, true);
  },
});
