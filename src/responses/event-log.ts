import type { Piece, ToolCallDelta } from '../chat/piece.ts';
import type { StreamEnd, StreamView } from '../chat/stream-log.ts';
import {
  type FunctionCallItem,
  itemObject,
  type MessageItem,
  type OutputItem,
  partObject,
  type ReasoningItem,
} from './output-items.ts';
import { type EndedResponse, endedResponse, endStatus, openResponse, type ResponseHead } from './response-object.ts';

/** An event of a response's stream; `sequence_number` is its place in the stream. */
export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

/** Parts of all items but function calls have this index: they have one part. */
const CONTENT_INDEX = 0;

/**
 * A response's events, derived from the recorded pieces of its answer: the same pieces give the same events with the
 * same numbers, in whichever process and however often they are looked at.
 */
export class ResponseEventLog {
  readonly #head: ResponseHead;
  readonly #events: ResponseEvent[] = [];
  readonly #items: OutputItem[] = [];
  /** Items that are not done: one of text, or all calls of functions, whose deltas may come mixed. */
  #open: OutputItem[] = [];
  #taken = 0;
  #ended = false;

  constructor(head: ResponseHead) {
    this.#head = head;
    const { background } = head.settings;
    this.#emit('response.created', { response: openResponse(head, background ? 'queued' : 'in_progress') });
    if (background) this.#emit('response.queued', { response: openResponse(head, 'queued') });
    this.#emit('response.in_progress', { response: openResponse(head, 'in_progress') });
  }

  get events(): readonly ResponseEvent[] {
    return this.#events;
  }

  get items(): readonly OutputItem[] {
    return this.#items;
  }

  /** Whether the last event is there. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes what is new in the answer. */
  follow({ end, pieces }: StreamView): void {
    for (; this.#taken < pieces.length; this.#taken++) {
      const piece = pieces[this.#taken];
      if (piece) this.#take(piece);
    }
    if (end && !this.#ended) this.#finish(end);
  }

  #take({ content, logprobs, reasoning, toolCalls }: Piece): void {
    if (reasoning) {
      const item = this.#openItem('reasoning');
      item.text += reasoning;
      this.#emit(`response.${textOf(item)}.delta`, { ...partOf(item), delta: reasoning });
    }
    if (content) {
      const item = this.#openItem('message');
      item.text += content;
      item.logprobs.push(...(logprobs ?? []));
      this.#emit('response.output_text.delta', { ...partOf(item), delta: content, logprobs: logprobs ?? [] });
    }
    for (const delta of toolCalls ?? []) this.#takeCall(delta);
  }

  #takeCall(delta: ToolCallDelta): void {
    let call = this.#open.find(
      (item): item is FunctionCallItem => item.type === 'function_call' && item.callIndex === delta.index,
    );
    if (!call) {
      if (this.#open.some((item) => item.type !== 'function_call')) this.#closeAll('completed');
      call = {
        ...this.#place('fc'),
        type: 'function_call',
        callIndex: delta.index,
        callId: delta.id ?? '',
        name: delta.function?.name ?? '',
        arguments: '',
      };
      this.#begin(call);
    } else {
      call.callId ||= delta.id ?? '';
      call.name ||= delta.function?.name ?? '';
    }
    const text = delta.function?.arguments;
    if (!text) return;
    call.arguments += text;
    this.#emit('response.function_call_arguments.delta', { ...placeOf(call), delta: text });
  }

  #openItem(type: 'reasoning'): ReasoningItem;
  #openItem(type: 'message'): MessageItem;
  #openItem(type: 'reasoning' | 'message'): ReasoningItem | MessageItem {
    const [current] = this.#open;
    if (current && current.type === type && this.#open.length === 1) return current as ReasoningItem | MessageItem;
    this.#closeAll('completed');
    const item: ReasoningItem | MessageItem =
      type === 'reasoning'
        ? { ...this.#place('rs'), type, asSummary: this.#head.settings.reasoning?.summary !== undefined, text: '' }
        : { ...this.#place('msg'), type, text: '', logprobs: [] };
    this.#begin(item);
    this.#emit(`response.${partNameOf(item)}.added`, { ...partOf(item), part: partObject(item) });
    return item;
  }

  #place(prefix: string): { id: string; outputIndex: number } {
    const outputIndex = this.#items.length;
    return { id: `${prefix}_${this.#head.id.replace(/^resp_/, '')}${outputIndex}`, outputIndex };
  }

  #begin(item: OutputItem): void {
    this.#items.push(item);
    this.#open.push(item);
    this.#emit('response.output_item.added', { output_index: item.outputIndex, item: itemObject(item, 'in_progress') });
  }

  #closeAll(status: 'completed' | 'incomplete'): void {
    for (const item of this.#open) this.#close(item, item === this.#open.at(-1) ? status : 'completed');
    this.#open = [];
  }

  #close(item: OutputItem, status: 'completed' | 'incomplete'): void {
    if (item.type === 'function_call') {
      const { arguments: text, name } = item;
      this.#emit('response.function_call_arguments.done', { ...placeOf(item), name, arguments: text });
    } else {
      const { text } = item;
      if (item.type === 'reasoning') this.#emit(`response.${textOf(item)}.done`, { ...partOf(item), text });
      else this.#emit('response.output_text.done', { ...partOf(item), text, logprobs: [...item.logprobs] });
      this.#emit(`response.${partNameOf(item)}.done`, { ...partOf(item), part: partObject(item) });
    }
    this.#emit('response.output_item.done', { output_index: item.outputIndex, item: itemObject(item, status) });
  }

  #finish(end: StreamEnd): void {
    const status = endStatus(end);
    this.#closeAll(status === 'completed' ? 'completed' : 'incomplete');
    // A cancelled response is one that is incomplete, to those who follow it; its status says which.
    const type = status === 'cancelled' ? 'incomplete' : status;
    this.#emit(`response.${type}`, { response: endedResponse(this.#head, this.#items, end) });
    this.#ended = true;
  }

  #emit(type: string, body: object): void {
    this.#events.push({ type, sequence_number: this.#events.length, ...body });
  }
}

/** A response that has ended, as one object. */
export function wholeResponse(head: ResponseHead, view: StreamView, end: StreamEnd): EndedResponse {
  const log = new ResponseEventLog(head);
  log.follow(view);
  return endedResponse(head, log.items, end);
}

function placeOf(item: OutputItem): { item_id: string; output_index: number } {
  return { item_id: item.id, output_index: item.outputIndex };
}

function partOf(item: OutputItem) {
  return {
    ...placeOf(item),
    ...(isSummary(item) ? { summary_index: CONTENT_INDEX } : { content_index: CONTENT_INDEX }),
  };
}

function isSummary(item: OutputItem): boolean {
  return item.type === 'reasoning' && item.asSummary;
}

/** What events of a thought's text are named after. */
function textOf(item: ReasoningItem): string {
  return item.asSummary ? 'reasoning_summary_text' : 'reasoning_text';
}

/** What events of an item's part are named after. */
function partNameOf(item: OutputItem): string {
  return isSummary(item) ? 'reasoning_summary_part' : 'content_part';
}
