import { chunk, type RawAnswer, startUpstream, type Upstream, type UpstreamBody } from '../../test/support/upstream.ts';

/** Name of the model behind the platform. */
export const MODEL = 'fake/words';

/** Longer than the keep-alives of the platform under test, several times. */
const SILENCE_MS = 3_500;
const WORDS = ['w0 ', 'w1 ', 'w2 ', 'w3 ', 'w4 ', 'w5'];
const PERSON = '{"nama":"BUDI","umur":30}';

/** A model server that does what the last message of the user names: that is all that the clients ask of it. */
export function startScriptedEngine(): Promise<Upstream> {
  return startUpstream({ kind: 'vllm', model: MODEL, raw: (_request, body) => answer(body) });
}

function answer(body: UpstreamBody): RawAnswer {
  const messages = body.messages ?? [];
  const asked = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content ?? '');
  const tools = (body.tools ?? []) as { function: { name: string } }[];
  const tool = tools[0]?.function.name;
  const hasResult = messages.some(({ role }) => role === 'tool');
  if (asked.includes('structured')) return tool === undefined ? whole([PERSON]) : call(tool, PERSON);
  if (asked.includes('tools') && tool !== undefined && !hasResult) return call(tool, '{"q":"a"}');
  if (asked.includes('image')) return whole([asked.includes('data:image/') ? 'picture' : 'blind']);
  if (asked.includes('slow'))
    return {
      parts: Array(200)
        .fill('w ')
        .flatMap((word) => [chunk({ content: word }), 100]),
    };
  if (asked.includes('silence')) return whole(WORDS, (index) => (index === 2 ? SILENCE_MS : 0));
  if (asked.includes('break')) return { parts: [...WORDS.slice(0, 3).map((content) => chunk({ content })), 'cut'] };
  if (asked.includes('fail')) {
    return {
      parts: [...WORDS.slice(0, 3).map((content) => chunk({ content })), chunk({}, { finish_reason: 'error' })],
    };
  }
  return whole(WORDS);
}

function whole(words: readonly string[], pauseMs: (index: number) => number = () => 0): RawAnswer {
  const spoken = words.flatMap((content, index) => [pauseMs(index), chunk({ content })]);
  return { parts: [...spoken, chunk({}, { finish_reason: 'stop' }), 'data: [DONE]\n\n'] };
}

function call(name: string, text: string): RawAnswer {
  const half = Math.floor(text.length / 2);
  const delta = (called: object) => chunk({ tool_calls: [{ index: 0, ...called }] });
  return {
    parts: [
      delta({ id: 'call_1', type: 'function', function: { name, arguments: '' } }),
      delta({ function: { arguments: text.slice(0, half) } }),
      delta({ function: { arguments: text.slice(half) } }),
      chunk({}, { finish_reason: 'tool_calls' }),
      'data: [DONE]\n\n',
    ],
  };
}
