import { describe, expect, it } from 'vitest';
import { canonicalBody } from '../../../src/chat/canonical-body.ts';
import { formatEventId, parseEventId } from '../../../src/chat/event-id.ts';
import { joinPieces } from '../../../src/chat/piece-text.ts';

describe('canonicalBody', () => {
  it('knows a request again by what it asks for', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true, seed: null };
    const same = { stream_options: { include_usage: true }, messages: [{ content: 'x', role: 'user' }], model: 'm' };
    expect(canonicalBody(body)).toBe(canonicalBody(same));
    expect(canonicalBody(body)).not.toBe(canonicalBody({ ...same, seed: 1 }));
  });
});

describe('event ids', () => {
  it('come back as they went', () => {
    const id = { sessionId: 'a.b-c_1', index: 42 };
    expect(parseEventId(formatEventId(id))).toEqual(id);
  });

  it.each(['', ':', 'a', 'a:', ':1', 'a:-1', 'a:1.5', 'a b:1', 'a:1e3', 'a:1234567890123456'])('refuses %j', (text) => {
    expect(() => parseEventId(text)).toThrow(expect.objectContaining({ code: 'invalid_last_event_id' }));
  });
});

describe('joinPieces', () => {
  it('puts text, thoughts and tool calls together', () => {
    const joined = joinPieces([
      { reasoning: 'hm' },
      { content: 'a' },
      { toolCalls: [{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }] },
      { toolCalls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } }] },
      { content: 'b', toolCalls: [{ index: 0, function: { arguments: ':1}' } }] },
    ]);
    expect(joined).toEqual({
      content: 'ab',
      reasoning: 'hm',
      toolCalls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    });
  });
});
