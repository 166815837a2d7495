import { randomBytes } from 'node:crypto';
import type { ToolCallDelta } from '../../chat/piece.ts';
import type { RawToolCall } from './raw-tool-call.ts';
import { WholeCharacters } from './whole-characters.ts';

/** A call as far as it has come. */
interface Call {
  readonly index: number;
  /** As the server wrote them; null where it did not. */
  readonly upstreamIndex: number | null;
  readonly upstreamId: string | null;
  readonly id: string;
  name: string;
  arguments: string;
  /** The caller knows of it, from its name on: clients take a call without one for broken. */
  isShown: boolean;
  /** Arguments that came before the name. */
  held: string;
  /** An empty object came first, which may be the place of what is still to come. */
  isEmptyHeld: boolean;
  readonly characters: WholeCharacters;
  /** What came beside it and was not shown yet. */
  extra: RawToolCall['extra'];
}

const NO_ARGUMENTS = '{}';

/**
 * Makes of a server's tool calls what OpenAI streams: each has an index of its own from 0 on, one id, its name once,
 * and arguments that are text. Servers differ in how they say which call a delta belongs to:
 * - OpenAI, vLLM: index in each delta, id and name in the first one;
 * - Ollama and proxies of Gemini: whole calls, all with index 0, or with none, with or without an id;
 * - llama.cpp and others: the name, or everything that was said so far of it, again in each delta.
 */
export class ToolCallReader {
  readonly #calls: Call[] = [];
  #touched = new Set<Call>();

  /** Whether any call has come. */
  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  /** The calls of one chunk. */
  read(raw: readonly RawToolCall[]): ToolCallDelta[] {
    this.#touched = new Set();
    return raw.flatMap((delta, position) => this.#readOne(delta, position, raw.length));
  }

  /** What was held back, once no more comes: arguments of a call that has none are an empty object. */
  end(): ToolCallDelta[] {
    return this.#calls.flatMap((call) => {
      const rest = call.characters.end();
      if (call.arguments === '') return [this.#delta(call, '', NO_ARGUMENTS)];
      return rest === '' && call.isShown ? [] : [this.#delta(call, '', rest)];
    });
  }

  #readOne(raw: RawToolCall, position: number, count: number): ToolCallDelta[] {
    const found = this.#find(raw, position, count);
    if (found === 'again') return [];
    const call = found ?? this.#begin(raw);
    this.#touched.add(call);
    const name = newName(call, raw.name ?? '');
    call.name += name;
    const text = call.characters.push(newArguments(call, raw));
    if (!call.isShown && call.name === '') {
      call.held += text;
      call.extra ??= raw.extra;
      return [];
    }
    if (call.isShown && name === '' && text === '' && !raw.extra) return [];
    return [this.#delta(call, name, text, raw.extra ?? call.extra)];
  }

  #delta(call: Call, name: string, text: string, extra = call.extra): ToolCallDelta {
    const { held, id, index, isShown } = call;
    call.isShown = true;
    call.held = '';
    call.extra = undefined;
    return {
      index,
      ...(!isShown && { id, type: 'function' }),
      function: { ...((!isShown || name !== '') && { name: isShown ? name : call.name }), arguments: held + text },
      ...(extra && { extra_content: extra }),
    };
  }

  #begin({ id, index }: RawToolCall): Call {
    const isTaken = id !== null && this.#calls.some((call) => call.id === id);
    const call: Call = {
      index: this.#calls.length,
      upstreamIndex: index,
      upstreamId: id,
      id: id === null || isTaken ? `call_${randomBytes(12).toString('hex')}` : id,
      name: '',
      arguments: '',
      isShown: false,
      held: '',
      isEmptyHeld: false,
      characters: new WholeCharacters(),
      extra: undefined,
    };
    this.#calls.push(call);
    return call;
  }

  /** The call that a delta goes on with; undefined: it begins one; again: it says what was said already. */
  #find(raw: RawToolCall, position: number, count: number): Call | undefined | 'again' {
    const { id, index, name } = raw;
    const sameId = id === null ? undefined : this.#calls.findLast(({ upstreamId }) => upstreamId === id);
    // One id for several calls: then their places tell them apart.
    if (sameId && (index === null || sameId.upstreamIndex === null || sameId.upstreamIndex === index)) {
      return this.#isAnother(raw, sameId) ? undefined : sameId;
    }
    const current =
      index === null
        ? this.#findWithoutIndex(name, position, count)
        : (this.#calls.findLast(({ upstreamIndex }) => upstreamIndex === index) ?? this.#openCall(raw));
    if (!current || name === null) return current;
    if (this.#touched.has(current) && (index === null || isComplete(raw.arguments))) return undefined;
    if (id !== null && current.upstreamId !== null) {
      // An id that is made anew for each delta is no other call's as long as the arguments are not whole.
      const goesOn = name === current.name && current.arguments !== '' && !isComplete(current.arguments);
      return goesOn ? current : undefined;
    }
    if (isComplete(current.arguments) && name === current.name && raw.arguments === current.arguments) return 'again';
    return this.#isAnother(raw, current) ? undefined : current;
  }

  /** The call is whole, and what comes has a name and arguments of its own. */
  #isAnother({ arguments: said, name }: RawToolCall, current: Call): boolean {
    if (name === null || said === '') return false;
    if (current.arguments === '') return current.isEmptyHeld && name !== current.name;
    return isComplete(current.arguments) && (name !== current.name || said !== current.arguments);
  }

  /** Where the place of a call is told wrongly at its beginning, its arguments come with the right one. */
  #openCall({ id, name }: RawToolCall): Call | undefined {
    const last = this.#calls.at(-1);
    return id === null && name === null && last && !isComplete(last.arguments) ? last : undefined;
  }

  #findWithoutIndex(name: string | null, position: number, count: number): Call | undefined {
    return name === null && count > 1 ? this.#calls[position] : this.#calls.at(-1);
  }
}

/** What a delta adds to the name: servers repeat it, say it from its start again, or go on with it. */
function newName(call: Call, said: string): string {
  if (said === call.name || call.arguments !== '') return call.name === '' ? said : '';
  return said.startsWith(call.name) ? said.slice(call.name.length) : said;
}

/** What a delta adds to the arguments. */
function newArguments(call: Call, { arguments: given, name }: RawToolCall): string {
  const said = call.arguments === '' ? encodedOnce(given) : given;
  if (call.arguments === '' && said.trim() === NO_ARGUMENTS) {
    call.isEmptyHeld = true;
    return '';
  }
  // Some say the whole arguments once more at the end.
  if (isComplete(call.arguments)) return '';
  // With the name comes, from some, everything that was said before and more. The very same again is none of that: nested
  // objects cut into pieces of one length look so.
  const isLonger = said.length > call.arguments.length;
  const isRepeat = name !== null && call.arguments !== '' && isLonger && said.startsWith(call.arguments);
  const added = isRepeat ? said.slice(call.arguments.length) : said;
  call.arguments += added;
  return added;
}

/** Some write the JSON of the arguments as a JSON text once more. */
function encodedOnce(text: string): string {
  if (!/^\s*"\s*\{/.test(text)) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function isComplete(text: string): boolean {
  if (!/[}\]]\s*$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
