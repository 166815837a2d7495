import { describe, expect, it } from 'vitest';
import { countParts, maxTokensOf, parseChatRequest } from '../../../src/chat/request.ts';
import { KtpflowError } from '../../../src/errors.ts';

const user = (content: unknown) => ({ model: 'm', messages: [{ role: 'user', content }] });

function errorOf(body: unknown): { code: string; param: string | null; message: string } {
  try {
    parseChatRequest(body);
  } catch (error) {
    if (error instanceof KtpflowError) return { code: error.code, param: error.param, message: error.message };
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('parseChatRequest', () => {
  it('makes parts of a string and drops what it does not know', () => {
    const request = parseChatRequest({ ...user('hi'), service_tier: 'auto' });
    expect(request).toEqual({ model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] });
  });

  it('takes null as absent, in messages too', () => {
    const request = parseChatRequest({
      model: 'm',
      messages: [
        { role: 'user', content: 'hi', name: null },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', content: '1', tool_call_id: 'c' },
      ],
      max_tokens: null,
      temperature: null,
      stop: null,
      n: null,
      stream: null,
      stream_options: null,
      tools: null,
      response_format: null,
      session_id: null,
      logprobs: null,
    });
    expect(request.max_tokens).toBeUndefined();
    expect(request.messages[1]?.content).toBeUndefined();
  });

  it('brings every form of picture and video to a URL', () => {
    const request = parseChatRequest(
      user([
        { type: 'text', text: 'what is this' },
        { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'high' } },
        { type: 'image_url', image_url: 'data:image/png;base64,AAAA' },
        { type: 'input_image', b64_json: 'AAAA' },
        { type: 'input_image', image: '/9j/AAAA', image_url: null },
        { type: 'input_image', image_url: { url: 'https://example.org/b.png' } },
        { type: 'video_url', video_url: { url: 'https://example.org/c.mp4' } },
      ]),
    );
    expect(request.messages[0]?.content?.slice(1)).toEqual([
      { type: 'image', url: 'https://example.org/a.png' },
      { type: 'image', url: 'data:image/png;base64,AAAA' },
      { type: 'image', url: 'data:application/octet-stream;base64,AAAA' },
      { type: 'image', url: 'data:application/octet-stream;base64,/9j/AAAA' },
      { type: 'image', url: 'https://example.org/b.png' },
      { type: 'video', url: 'https://example.org/c.mp4' },
    ]);
    expect(countParts(request, 'image')).toBe(5);
  });

  it('takes both names of the limit of tokens, the newer one first', () => {
    expect(maxTokensOf(parseChatRequest({ ...user('hi'), max_tokens: 5 }))).toBe(5);
    expect(maxTokensOf(parseChatRequest({ ...user('hi'), max_tokens: 5, max_completion_tokens: 7 }))).toBe(7);
  });

  it.each([
    [{ model: 'm', messages: [] }, 'empty_messages', 'messages'],
    [{ model: 'm' }, 'invalid_value', 'messages'],
    [{ messages: [{ role: 'user', content: 'x' }] }, 'invalid_value', 'model'],
    [{ ...user('x'), n: 2 }, 'invalid_value', 'n'],
    [{ ...user('x'), modalities: ['text', 'audio'] }, 'invalid_value', 'modalities[1]'],
    [{ ...user('x'), temperature: 3 }, 'invalid_value', 'temperature'],
    [{ ...user('x'), session_id: 'a b' }, 'invalid_value', 'session_id'],
    [user([{ type: 'input_audio', input_audio: {} }]), 'unsupported_content_part', 'messages[0].content[0].type'],
    [user([{ type: 'image_url', image_url: 5 }]), 'invalid_value', 'messages[0].content[0].image_url'],
    [user([{ type: 'input_image' }]), 'invalid_value', 'messages[0].content[0]'],
    [user(7), 'invalid_value', 'messages[0].content'],
    [{ model: 'm', messages: [{ role: 'assistant' }] }, 'invalid_value', 'messages[0].content'],
    [{ model: 'm', messages: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
    [user(Array(17).fill({ type: 'input_image', b64_json: 'AAAA' })), 'invalid_value', 'messages'],
    [[], 'invalid_value', null],
    ['text', 'invalid_value', null],
  ])('refuses %j with %s at %s', (body, code, param) => {
    expect(errorOf(body)).toMatchObject({ code, param });
  });

  it('never quotes a value', () => {
    const secret = '3201010101010000';
    for (const body of [
      { ...user('x'), session_id: `${secret} x` },
      { ...user('x'), temperature: secret },
      user([{ type: secret }]),
      { model: 'm', messages: [{ role: secret, content: 'x' }] },
      { ...user('x'), response_format: { type: secret } },
    ]) {
      expect(errorOf(body).message).not.toContain(secret);
    }
  });
});
