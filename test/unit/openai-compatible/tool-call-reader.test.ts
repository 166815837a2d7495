import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinPieces } from '../../../src/chat/piece-text.ts';
import { AnswerReader } from '../../../src/inference/openai-compatible/answer.ts';

/** The calls that a reader makes of these values of `delta.tool_calls`, and their deltas. */
function read(...chunks: readonly unknown[]) {
  const reader = new AnswerReader({ engineId: 'openai', continuation: null, startsThinking: false });
  const pieces = chunks.flatMap((tool_calls) =>
    reader.read(JSON.stringify({ choices: [{ index: 0, delta: { tool_calls } }] })),
  );
  pieces.push(...reader.read(JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })));
  const deltas = pieces.flatMap((piece) => piece.toolCalls ?? []);
  const calls = joinPieces(pieces).toolCalls;
  return {
    pieces,
    deltas,
    calls: calls.map((call) => [call.function.name, call.function.arguments]),
    ids: calls.map(({ id }) => id),
    reason: reader.end().reason,
  };
}

const fn = (name: string | null, args: unknown) => ({
  ...(name !== null && { name }),
  ...(args !== null && { arguments: args }),
});

describe('tool calls', () => {
  it.each<[string, unknown[], [string, string][]]>([
    ['arguments as an object', [[{ index: 0, id: 'a', function: fn('f', { q: 'a' }) }]], [['f', '{"q":"a"}']]],
    [
      'a name that comes after the arguments have begun',
      [[{ index: 0, id: 'a', function: fn(null, '{"q"') }], [{ index: 0, function: fn('f', ':1}') }]],
      [['f', '{"q":1}']],
    ],
    [
      'a wrong index at the beginning of the second call',
      [
        [{ index: 0, id: 'a', function: fn('f', '') }],
        [{ index: 0, function: fn(null, '{"q":1}') }],
        [{ index: 0, id: 'b', function: fn('g', '') }],
        [{ index: 1, function: fn(null, '{"r":2}') }],
      ],
      [
        ['f', '{"q":1}'],
        ['g', '{"r":2}'],
      ],
    ],
    [
      'an empty custom tool beside the function',
      [[{ index: 0, id: 'a', custom: {}, function: fn('f', '{"q":1}') }]],
      [['f', '{"q":1}']],
    ],
    ['arguments that are encoded twice', [[{ id: 'a', function: fn('f', '"{\\"q\\":1}"') }]], [['f', '{"q":1}']]],
    ['arguments as `input`', [[{ id: 'a', function: { name: 'f', input: { q: 1 } } }]], [['f', '{"q":1}']]],
    ['arguments as `parameters`', [[{ function: { name: 'f', parameters: { q: 1 } } }]], [['f', '{"q":1}']]],
    ['a custom tool', [[{ id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }]], [['f', 'x']]],
    [
      'the name in each delta',
      [
        [{ index: 0, id: 'a', function: fn('find', '') }],
        [{ index: 0, id: 'a', function: fn('find', '{"q":') }],
        [{ index: 0, function: fn('find', '"a"}') }],
      ],
      [['find', '{"q":"a"}']],
    ],
    [
      'everything so far in each delta',
      [
        [{ index: 0, id: 'a', function: fn('fi', '') }],
        [{ index: 0, function: fn('find', '{"q":') }],
        [{ index: 0, function: fn('find', '{"q":"a"}') }],
      ],
      [['find', '{"q":"a"}']],
    ],
    [
      'whole calls that all have index 0 (Ollama)',
      [[{ index: 0, id: 'a', function: fn('f', '{"q":1}') }], [{ index: 0, id: 'b', function: fn('f', '{"q":2}') }]],
      [
        ['f', '{"q":1}'],
        ['f', '{"q":2}'],
      ],
    ],
    [
      'whole calls without index and id (Gemini)',
      [[{ function: fn('f', '{"q":1}') }, { function: fn('f', '{"q":1}') }], [{ id: '', function: fn('g', {}) }]],
      [
        ['f', '{"q":1}'],
        ['f', '{"q":1}'],
        ['g', '{}'],
      ],
    ],
    [
      'one id for all',
      [[{ index: 0, id: 'x', function: fn('f', '{"q":1}') }], [{ index: 1, id: 'x', function: fn('g', '{"q":2}') }]],
      [
        ['f', '{"q":1}'],
        ['g', '{"q":2}'],
      ],
    ],
    [
      'an id that is made anew for each delta',
      [[{ index: 0, id: 'a', function: fn('f', '{"q"') }], [{ index: 0, id: 'b', function: fn('f', ':1}') }]],
      [['f', '{"q":1}']],
    ],
    [
      'indexes from 1, with a hole',
      [[{ index: 1, id: 'a', function: fn('f', '{}') }], [{ index: 3, id: 'b', function: fn('g', '{"q":1}') }]],
      [
        ['f', '{}'],
        ['g', '{"q":1}'],
      ],
    ],
    [
      'an empty object before the arguments',
      [[{ index: 0, id: 'a', function: fn('f', '{}') }], [{ index: 0, function: fn(null, '{"q":1}') }]],
      [['f', '{"q":1}']],
    ],
    [
      'an empty object in two halves',
      [[{ index: 0, id: 'a', function: fn('f', '{') }], [{ index: 0, function: fn(null, '}') }]],
      [['f', '{}']],
    ],
    [
      'the whole arguments once more at the end',
      [[{ index: 0, id: 'a', function: fn('f', '{"q":1}') }], [{ index: 0, id: 'a', function: fn(null, '{"q":1}') }]],
      [['f', '{"q":1}']],
    ],
    [
      'the name in each delta, and two equal pieces in a row',
      ['{"":', '{"":', 'null', '}}'].map((part) => [{ index: 0, id: 'a', function: fn('f', part) }]),
      [['f', '{"":{"":null}}']],
    ],
    ['no arguments at all', [[{ index: 0, id: 'a', function: fn('f', null) }]], [['f', '{}']]],
    [
      'nulls in continuations',
      [
        [{ index: 0, id: 'a', function: fn('f', '') }],
        [{ index: 0, id: null, type: null, function: { name: null, arguments: '{}' } }],
      ],
      [['f', '{}']],
    ],
    ['a call that is no list', [{ id: 'a', function: fn('f', '{"q":1}') }], [['f', '{"q":1}']]],
    [
      'continuations without an index',
      [[{ id: 'a', function: fn('f', '') }], [{ function: fn(null, '{"q"') }], [{ function: fn(null, ':1}') }]],
      [['f', '{"q":1}']],
    ],
  ])('are what was meant: %s', (_name, chunks, calls) => {
    const answer = read(...chunks);
    expect(answer.calls).toEqual(calls);
    expect(answer.reason).toBe('tool_calls');
    expect(new Set(answer.ids).size).toBe(calls.length);
    for (const id of answer.ids) expect(id).toMatch(/\S/);
    // As OpenAI streams: what identifies a call comes once, first, and indexes have no holes.
    expect([...new Set(answer.deltas.map(({ index }) => index))]).toEqual(calls.map((_, index) => index));
    expect(answer.deltas.filter(({ id }) => id !== undefined)).toHaveLength(calls.length);
  });

  it('are shown from their name on, whatever came before it', () => {
    const { deltas } = read(
      [{ index: 0, id: 'a', function: fn(null, '{"q"') }],
      [{ index: 0, function: fn('f', ':1}') }],
    );
    expect(deltas).toEqual([{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":1}' } }]);
  });

  it('keep what a server wants to see again (Gemini)', () => {
    const extra_content = { google: { thought_signature: 'abc' } };
    for (const deltas of [
      [{ index: 0, id: 'a', function: fn('f', '{}'), extra_content }],
      [
        { index: 0, id: 'a', function: fn('f', '') },
        { index: 0, function: fn(null, '{}'), extra_content },
      ],
    ]) {
      const { pieces } = read(...deltas.map((delta) => [delta]));
      expect(joinPieces(pieces).toolCalls).toMatchObject([{ id: 'a', function: { arguments: '{}' }, extra_content }]);
    }
  });

  it('may come as the function call of before there were tools', () => {
    const reader = new AnswerReader({ engineId: 'openai', continuation: null, startsThinking: false });
    const deltas = [{ function_call: { name: 'f', arguments: '' } }, { function_call: { arguments: '{"q":1}' } }];
    const pieces = deltas.flatMap((delta) => reader.read(JSON.stringify({ choices: [{ delta }] })));
    expect(joinPieces([...pieces, ...reader.done()]).toolCalls[0]?.function).toEqual({
      name: 'f',
      arguments: '{"q":1}',
    });
    expect(reader.end().reason).toBe('tool_calls');
  });

  it('are the same however a server writes them', () => {
    const call = fc.record({
      name: fc.constantFrom('find', 'find_all', 'get'),
      args: fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), fc.nat({ max: 7 }), (wanted, size) => {
        const texts = wanted.map(({ args }) => JSON.stringify(args));
        const cut = (text: string) => text.match(new RegExp(`[\\s\\S]{1,${size + 1}}`, 'g')) ?? [];
        const styles: unknown[][] = [
          // OpenAI and vLLM
          wanted.flatMap(({ name }, index) => [
            [{ index, id: `c${index}`, type: 'function', function: fn(name, '') }],
            ...cut(texts[index] ?? '').map((part) => [{ index, function: fn(null, part) }]),
          ]),
          // Ollama
          wanted.map(({ name, args }, index) => [{ index: 0, id: `c${index}`, function: fn(name, args) }]),
          // Proxies of Gemini
          [wanted.map(({ name }, index) => ({ function: fn(name, texts[index]) }))],
          // The name in each delta
          wanted.flatMap(({ name }, index) =>
            cut(texts[index] ?? '').map((part) => [{ index, id: `c${index}`, function: fn(name, part) }]),
          ),
        ];
        for (const style of styles)
          expect(read(...style).calls).toEqual(wanted.map(({ name }, index) => [name, texts[index]]));
      }),
    );
  });
});
