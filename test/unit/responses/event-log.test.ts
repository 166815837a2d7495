import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Piece } from '../../../src/chat/piece.ts';
import type { StreamEnd } from '../../../src/chat/stream-log.ts';
import { type ResponseEvent, ResponseEventLog } from '../../../src/responses/event-log.ts';
import type { ResponseHead } from '../../../src/responses/response-object.ts';

const HEAD: ResponseHead = { id: 'resp_ab', createdAt: 1_700_000_000_000, settings: { model: 'm' } };
const FINISH: StreamEnd = { type: 'finish', reason: 'stop', usage: { promptTokens: 3, completionTokens: 4 } };

const pieceArbitrary: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({ content: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({ reasoning: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc
    .record({ index: fc.nat(2), name: fc.string({ minLength: 1, maxLength: 4 }), text: fc.string({ maxLength: 4 }) })
    .map(({ index, name, text }) => ({
      toolCalls: [{ index, id: `call_${index}`, type: 'function' as const, function: { name, arguments: text } }],
    })),
);

function eventsOf(
  pieces: readonly Piece[],
  end: StreamEnd | null = FINISH,
  head: ResponseHead = HEAD,
): readonly ResponseEvent[] {
  const log = new ResponseEventLog(head);
  log.follow({ pieces, end });
  return structuredClone(log.events);
}

const typesOf = (events: readonly ResponseEvent[]) => events.map(({ type }) => type.replace('response.', ''));

describe('events of a response', () => {
  it('tell a text from its beginning to its end', () => {
    const events = eventsOf([{ content: 'Ha' }, { content: 'lo' }]);
    expect(typesOf(events)).toEqual([
      ...[
        'created',
        'in_progress',
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.delta',
      ],
      ...['output_text.done', 'content_part.done', 'output_item.done', 'completed'],
    ]);
    expect(events.at(-1)).toMatchObject({
      response: {
        status: 'completed',
        output: [{ type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Halo' }] }],
        usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
      },
    });
  });

  it('put thoughts, text and calls of functions into items of their own', () => {
    const call = (index: number, text: string) => ({
      toolCalls: [{ index, id: `call_${index}`, function: { name: 'find', arguments: text } }],
    });
    const events = eventsOf([{ reasoning: 'hm' }, { content: 'Ya' }, call(0, '{"a"'), call(1, '{}'), call(0, ':1}')]);
    expect(events.at(-1)).toMatchObject({
      response: {
        output: [
          { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'hm' }] },
          { type: 'message', content: [{ text: 'Ya' }] },
          { type: 'function_call', call_id: 'call_0', name: 'find', arguments: '{"a":1}' },
          { type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{}' },
        ],
      },
    });
    const done = events.filter(({ type }) => type === 'response.function_call_arguments.done');
    expect(done.map((event) => event.arguments)).toEqual(['{"a":1}', '{}']);
  });

  // The AI SDK shows no thoughts but those of a summary.
  it('tell thoughts as their summary where one is asked for, under the same numbers', () => {
    const head = { ...HEAD, settings: { model: 'm', reasoning: { effort: undefined, summary: 'auto' } } };
    const pieces = [{ reasoning: 'hm' }, { reasoning: ' so' }, { content: 'Ya' }];
    const events = eventsOf(pieces, FINISH, head);
    expect(typesOf(events).slice(2, 9)).toEqual([
      ...['output_item.added', 'reasoning_summary_part.added', 'reasoning_summary_text.delta'],
      ...['reasoning_summary_text.delta', 'reasoning_summary_text.done', 'reasoning_summary_part.done'],
      'output_item.done',
    ]);
    expect(events[4]).toMatchObject({ summary_index: 0, delta: 'hm' });
    expect(events[4]).not.toHaveProperty('content_index');
    expect(events.at(-1)).toMatchObject({
      response: {
        output: [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm so' }], content: [] },
          { type: 'message', content: [{ text: 'Ya' }] },
        ],
      },
    });
    expect(events).toHaveLength(eventsOf(pieces).length);
  });

  it.each([
    [{ type: 'finish', reason: 'length', usage: null }, 'incomplete', { reason: 'max_output_tokens' }],
    [{ type: 'finish', reason: 'content_filter', usage: null }, 'incomplete', { reason: 'content_filter' }],
    [{ type: 'finish', reason: 'length', usage: null, cancelled: true }, 'cancelled', null],
  ] as [StreamEnd, string, object | null][])('end as %j says', (end, status, incomplete_details) => {
    const last = eventsOf([{ content: 'Ha' }], end).at(-1);
    expect(last).toMatchObject({ type: 'response.incomplete', response: { status, incomplete_details } });
    expect(last).toMatchObject({ response: { output: [{ status: 'incomplete' }] } });
  });

  it('end with response.failed where the answer failed', () => {
    const end: StreamEnd = { type: 'error', error: { code: 'upstream_failed', message: 'It failed.', param: null } };
    expect(eventsOf([{ content: 'Ha' }], end).at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'It failed.' } },
    });
  });

  it('are the same with the same numbers however the pieces arrive, so that any process can go on at any of them', () => {
    fc.assert(
      fc.property(fc.array(pieceArbitrary, { maxLength: 12 }), fc.array(fc.nat(12)), (pieces, cuts) => {
        const whole = eventsOf(pieces);
        expect(whole.map(({ sequence_number }) => sequence_number)).toEqual(whole.map((_, index) => index));
        const log = new ResponseEventLog(HEAD);
        const seen: ResponseEvent[] = [];
        const look = () => seen.push(...structuredClone(log.events.slice(seen.length)));
        for (const cut of [...cuts].sort((a, b) => a - b)) {
          log.follow({ pieces: pieces.slice(0, cut), end: null });
          look();
        }
        log.follow({ pieces, end: FINISH });
        look();
        expect(seen).toEqual(whole);
      }),
    );
  });

  it('begin and end every item exactly once, with deltas that add up', () => {
    fc.assert(
      fc.property(fc.array(pieceArbitrary, { maxLength: 15 }), (pieces) => {
        const events = eventsOf(pieces);
        const indexesOf = (type: string) =>
          events.filter((event) => event.type === type).map((event) => Number(event.output_index));
        const added = indexesOf('response.output_item.added');
        expect(added).toEqual(added.map((_, index) => index));
        expect(indexesOf('response.output_item.done').sort((a, b) => a - b)).toEqual(added);
        const text = events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta);
        expect(text.join('')).toBe(pieces.map(({ content }) => content ?? '').join(''));
      }),
    );
  });
});
