import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constraintOf, maxTokensOf, parseChatRequest, responseFormatOf } from '../../../src/chat/request.ts';
import { toolChoiceOf, toolsOf } from '../../../src/chat/tools.ts';
import { KtpflowError } from '../../../src/errors.ts';

const body = (messages: unknown[], rest: object = {}) => ({ model: 'm', messages, ...rest });
const user = { role: 'user', content: 'hi' };
const parse = (messages: unknown[]) => parseChatRequest(body(messages)).messages;
const withUser = (rest: object) => parseChatRequest(body([user], rest));
const text = (value: string) => [{ type: 'text', text: value }];

function refused(value: unknown): { code: string; param: string | null } {
  try {
    parseChatRequest(value);
  } catch (error) {
    if (error instanceof KtpflowError) return { code: error.code, param: error.param };
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('history that clients hand back', () => {
  it.each<[string, object, unknown]>([
    ['a refusal', { content: null, refusal: 'no' }, text('no')],
    ['a refusal as a part', { content: [{ type: 'refusal', refusal: 'no' }] }, text('no')],
    ['an empty answer', { content: null, refusal: null, audio: null, annotations: [] }, text('')],
    ['parts of the Responses API', { content: [{ type: 'output_text', text: 'a', annotations: [] }] }, text('a')],
    ['plain strings as parts', { content: ['a'] }, text('a')],
    ['a refusal that was none', { content: [{ type: 'refusal', refusal: null }] }, text('')],
    ['an answer that was spoken', { audio: { id: 'audio_1' } }, text('')],
  ])('is taken: %s', (_name, message, content) => {
    expect(parse([user, { role: 'assistant', ...message }])[1]?.content).toEqual(content);
  });

  it('keeps what the model thought, under either name', () => {
    for (const thought of [
      { reasoning_content: 'hm' },
      { reasoning: 'hm' },
      { reasoning: '', reasoning_content: 'hm' },
      { reasoning: { text: 'hm' } },
      { reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] },
      { content: [{ type: 'thinking', thinking: 'hm', signature: 's' }, ...text('a')] },
      { content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] }, ...text('a')] },
    ]) {
      expect(parse([user, { role: 'assistant', content: 'a', ...thought }])[1]).toMatchObject({
        reasoning: 'hm',
        content: text('a'),
      });
    }
    expect(parse([user, { role: 'assistant', content: 'a', reasoning: { summary: [] } }])[1]).not.toHaveProperty(
      'reasoning.summary',
    );
  });

  it('makes tools of functions', () => {
    const messages = parse([
      user,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"q":1}' } },
      { role: 'function', name: 'f', content: '2' },
    ]);
    expect(messages[1]).toMatchObject({
      tool_calls: [{ type: 'function', function: { name: 'f', arguments: '{"q":1}' } }],
    });
    const call = messages[1]?.role === 'assistant' ? messages[1].tool_calls?.[0]?.id : undefined;
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: call, content: text('2') });
    const request = withUser({
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
    });
    expect(toolsOf(request)).toEqual([{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]);
    expect(toolChoiceOf(request)).toEqual({ type: 'function', function: { name: 'f' } });
  });

  it('completes the calls of Ollama, and tells their results apart', () => {
    const calls = [{ function: { name: 'f', arguments: { q: 1 } } }, { function: { name: 'g', arguments: {} } }];
    const messages = parse([
      user,
      { role: 'assistant', content: '', tool_calls: calls },
      { role: 'tool', tool_name: 'g', content: 'of g' },
      { role: 'tool', content: null },
    ]);
    const ids = messages[1]?.role === 'assistant' ? (messages[1].tool_calls ?? []).map(({ id }) => id) : [];
    expect(messages[1]).toMatchObject({
      tool_calls: [
        { type: 'function', function: { name: 'f', arguments: '{"q":1}' } },
        { type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    });
    expect(new Set(ids).size).toBe(2);
    expect(messages.slice(2)).toMatchObject([
      { tool_call_id: ids[1], content: text('of g') },
      { tool_call_id: ids[0], content: text('') },
    ]);
  });

  it.each([
    ['beside the id', { id: 'c1', type: 'function', name: 'f', arguments: { q: 1 } }],
    ['of LangChain', { id: 'c1', type: 'tool_call', name: 'f', args: { q: 1 } }],
    ['without a type', { id: 'c1', type: '', function: { name: 'f', arguments: '{"q":1}' } }],
  ])('takes a call %s', (_name, call) => {
    const messages = parse([user, { role: 'assistant', content: null, tool_calls: [call] }]);
    expect(messages[1]).toMatchObject({
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"q":1}' } }],
    });
  });

  it('finds the call of a result that counts', () => {
    const call = { id: 7, function: { name: 'f' } };
    const messages = parse([
      user,
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', tool_call_id: 7, content: { total: 2 } },
    ]);
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: '7', content: text('{"total":2}') });
  });

  it.each([
    ['GeoJSON', { type: 'Feature', geometry: null }],
    ['a list of typed values', [{ type: 'row', id: 1 }]],
    ['a resource of MCP', [{ type: 'resource', resource: { uri: 'a:b', text: 'x' } }]],
    ['an output of the AI SDK', { type: 'json', value: { a: 1 } }],
  ])('takes what a tool answered as text where it is no part: %s', (_name, content) => {
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const messages = parse([
      user,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content },
    ]);
    expect(messages[2]?.content).toEqual(text(JSON.stringify(content)));
  });

  it.each(['', {}, false])('takes %j for no calls', (tool_calls) => {
    expect(parse([user, { role: 'assistant', content: 'a', tool_calls }])[1]).toEqual({
      role: 'assistant',
      content: text('a'),
    });
  });

  it('still needs the content that is missing', () => {
    expect(refused(body([user, { role: 'assistant' }]))).toEqual({
      code: 'invalid_value',
      param: 'messages[1].content',
    });
    expect(refused(body([{ role: 'user', content: null }]))).toMatchObject({ param: 'messages[0].content' });
  });
});

describe('pictures as clients write them', () => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ';
  const bare = `data:application/octet-stream;base64,${png}`;
  const whole = `data:image/png;base64,${png}`;
  const heic = 'AAAAGGZ0eXBoZWljAAAAAG1pZjFoZWljAAAB';
  const jpeg = '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgH';
  it.each<[string, unknown, string]>([
    ['base64 alone', { type: 'image_url', image_url: { url: png } }, bare],
    [
      'the base64 of a JPEG, which looks like a path',
      { type: 'image_url', image_url: jpeg },
      `data:application/octet-stream;base64,${jpeg}`,
    ],
    ['HEIC alone', { type: 'image_url', image_url: { url: heic } }, `data:application/octet-stream;base64,${heic}`],
    ['quotes around', { type: 'image_url', image_url: { url: `"${whole}"` } }, whole],
    [
      'angle brackets around',
      { type: 'image_url', image_url: '<https://example.org/a.png>' },
      'https://example.org/a.png',
    ],
    ['a data URL without `data:`', { type: 'image_url', image_url: `image/png;base64,${png}` }, whole],
    ['a data URL that does not say base64', { type: 'image_url', image_url: `data:image/png,${png}` }, bare],
    ["Python's bytes", { type: 'image_url', image_url: `data:image/png;base64,b'${png}'` }, whole],
    ['a URL in an image', { type: 'image', image: { url: whole } }, whole],
    ['a source', { type: 'input_image', source: { type: 'base64', data: png } }, bare],
    ['a file without a name', { type: 'file', file: { file_data: png } }, bare],
    ['a file of any type with a name', { type: 'file', file: { file_data: bare, filename: 'a.avif' } }, bare],
    ['blanks around', { type: 'image_url', image_url: { url: ` \n${whole}\n` } }, whole],
    ['a data URL in a data URL', { type: 'image_url', image_url: { url: `data:image/png;base64,${whole}` } }, whole],
    ['no type', { image_url: { url: whole } }, whole],
    ['llama-index', { type: 'image', image_url: whole }, whole],
    ['image', { type: 'image', image: png }, bare],
    ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }, bare],
    [
      'Anthropic, by URL',
      { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
      'https://example.org/a.png',
    ],
    ['LangChain', { type: 'image', source_type: 'base64', mime_type: 'image/png', data: png }, bare],
    ['MCP', { type: 'image', data: png, mimeType: 'image/png' }, bare],
    ['a file that is a picture', { type: 'file', file: { file_data: whole, filename: 'a.png' } }, whole],
    ['the Responses API', { type: 'input_image', image_url: whole, detail: 'high' }, whole],
    ['a path stays one', { type: 'image_url', image_url: '/srv/cards/a.jpg' }, '/srv/cards/a.jpg'],
  ])('are taken: %s', (_name, part, url) => {
    expect(parse([{ role: 'user', content: ['x', part] }])[0]?.content).toEqual([...text('x'), { type: 'image', url }]);
  });

  it('of Ollama stand beside the text', () => {
    expect(parse([{ role: 'user', content: 'x', images: [png] }])[0]?.content).toEqual([
      ...text('x'),
      { type: 'image', url: bare },
    ]);
  });

  it('are not made of other files', () => {
    for (const part of [
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
      { type: 'file', file: { file_data: 'JVBERi0xLjcKJeLjz9MKMSAwIG9iag' } },
      { type: 'file', file: { file_id: 'file_1' } },
      { type: 'input_audio', input_audio: {} },
      { type: 'image' },
    ]) {
      const answer = refused(body([{ role: 'user', content: [part] }]));
      expect(answer).toEqual({ code: 'unsupported_content_part', param: 'messages[0].content[0].type' });
    }
  });
});

describe('numbers', () => {
  it('of seeds have up to 64 bits', () => {
    for (const seed of [0, -1, 2 ** 62, 2 ** 63 - 1, -(2 ** 63)]) expect(withUser({ seed }).seed).toBe(seed);
    for (const seed of [0.5, 2 ** 64, '1']) expect(refused(body([user], { seed }))).toMatchObject({ param: 'seed' });
  });

  it.each(['max_new_tokens', 'max_output_tokens', 'n_predict', 'num_predict'])(
    'of tokens are told by %s too',
    (name) => {
      expect(maxTokensOf(withUser({ [name]: 5 }))).toBe(5);
      expect(maxTokensOf(withUser({ [name]: -1 }))).toBeUndefined();
      expect(maxTokensOf(withUser({ [name]: 5, max_tokens: 7 }))).toBe(7);
    },
  );

  it('of tokens may say that there is no limit', () => {
    expect(withUser({ max_tokens: 2 ** 31 - 1 }).max_tokens).toBe(1_000_000);
    expect(withUser({ max_tokens: 100.0 }).max_tokens).toBe(100);
    for (const max_tokens of [0, -1, 1.5])
      expect(refused(body([user], { max_tokens }))).toMatchObject({ param: 'max_tokens' });
  });
});

describe('the form of an answer', () => {
  const schema = { type: 'object', required: ['a'] };
  it.each<[string, object, unknown]>([
    [
      'json_object with a schema',
      { response_format: { type: 'json_object', schema } },
      { type: 'json_schema', schema },
    ],
    ['a schema beside the type', { response_format: { type: 'json_schema', schema } }, { type: 'json_schema', schema }],
    [
      'a schema without a name',
      { response_format: { type: 'json_schema', json_schema: { schema } } },
      { type: 'json_schema', schema },
    ],
    [
      'the schema in the place of all',
      { response_format: { type: 'json_schema', json_schema: schema } },
      { type: 'json_schema', schema },
    ],
    [
      'a schema as text',
      { response_format: { type: 'json_schema', json_schema: { name: 's', schema: JSON.stringify(schema) } } },
      { type: 'json_schema', name: 's', schema },
    ],
    ["Ollama's format", { format: schema }, { type: 'json_schema', schema }],
    ["Ollama's format of any object", { format: 'json' }, { type: 'json_object' }],
    [
      'a schema as a value (TGI)',
      { response_format: { type: 'json', value: schema } },
      { type: 'json_schema', schema },
    ],
    ['any JSON (TGI)', { response_format: { type: 'json' } }, { type: 'json_object' }],
    ['a schema of NIM', { nvext: { guided_json: schema } }, { type: 'json_schema', schema }],
    ['a format that is none', { format: 'markdown' }, { type: 'text' }],
    ['json_schema at the top', { json_schema: schema }, { type: 'json_schema', schema }],
    ['guided_json as text', { guided_json: JSON.stringify(schema) }, { type: 'json_schema', schema }],
    ['structured_outputs', { structured_outputs: { json: schema } }, { type: 'json_schema', schema }],
    ['structured_outputs of any object', { structured_outputs: { json_object: true } }, { type: 'json_object' }],
  ])('is kept, by whatever field it is asked for: %s', (_name, rest, format) => {
    expect(responseFormatOf(withUser(rest))).toMatchObject(format as object);
  });

  it.each<[object, string]>([
    [{ guided_json: '{' }, 'guided_json'],
    [{ guided_regex: 'a', structured_outputs: { choice: ['b'] } }, 'structured_outputs.choice'],
    [{ response_format: { type: 'json_object' }, grammar: 'root ::= "a"' }, 'grammar'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tool_choice: 'any', tools: [] }, 'tool_choice'],
    [
      {
        tool_choice: { type: 'function', function: { name: 'g' } },
        tools: [{ type: 'function', function: { name: 'f' } }],
      },
      'tool_choice',
    ],
  ])('is refused where it cannot be: %j', (rest, param) => {
    expect(refused(body([user], rest))).toMatchObject({ code: 'invalid_value', param: expect.stringContaining(param) });
  });

  it('is found in extra_body, which people write who know the SDK of Python', () => {
    const request = withUser({ extra_body: { guided_json: schema, model: 'x', min_p: 0.1 } });
    expect(responseFormatOf(request)).toMatchObject({ schema });
    expect(request).toMatchObject({ model: 'm', min_p: 0.1 });
  });

  it('has no empty texts among what stops it', () => {
    expect(withUser({ stop: ['a', null, ''] }).stop).toEqual(['a']);
  });

  it('is steered in every form that servers take, and not by what is empty', () => {
    expect(withUser({ samplers: 'kmt', dry_sequence_breakers: '["\\n"]' })).toMatchObject({
      samplers: 'kmt',
      dry_sequence_breakers: '["\\n"]',
    });
    const empty = withUser({ reasoning_effort: '', guided_choice: [], guided_json: '', verbosity: '' });
    expect(empty).toEqual({ model: 'm', messages: expect.anything() });
  });

  it('is free where a field for it is empty', () => {
    const request = withUser({ grammar: '', guided_regex: '', structured_outputs: { regex: '' }, json_schema: null });
    expect(responseFormatOf(request)).toEqual({ type: 'text' });
    expect(constraintOf(request)).toBeUndefined();
  });

  it('may leave the choice of a tool open where there is none', () => {
    for (const tool_choice of ['none', 'auto', null]) expect(() => withUser({ tools: [], tool_choice })).not.toThrow();
  });
});

describe('any history', () => {
  const anything = fc.jsonValue({ maxDepth: 3 });
  const field = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 3, arbitrary: value }, anything);
  const call = fc.record(
    { id: field(fc.string()), function: field(fc.record({ name: field(fc.string()), arguments: anything })) },
    { requiredKeys: [] },
  );
  const part = fc.record(
    {
      type: field(fc.constantFrom('text', 'image', 'image_url', 'file', 'refusal')),
      text: anything,
      image: anything,
      image_url: anything,
    },
    { requiredKeys: [] },
  );
  const message = fc.record(
    {
      role: field(fc.constantFrom('user', 'assistant', 'tool', 'function', 'system')),
      content: field(fc.oneof(fc.string(), fc.array(field(part), { maxLength: 3 }))),
      tool_calls: field(fc.array(field(call), { maxLength: 2 })),
      function_call: anything,
      tool_call_id: field(fc.string()),
    },
    { requiredKeys: ['role'] },
  );

  it('is taken or refused with a code, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(field(message), { maxLength: 4 }), (messages) => {
        try {
          parseChatRequest(body(messages));
        } catch (error) {
          if (!(error instanceof KtpflowError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
