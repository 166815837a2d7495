import type { TokenLogprob } from '../chat/piece.ts';

/** Items of a response's output, as OpenAI writes them, while they grow and when they are done. */

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

interface Item {
  readonly id: string;
  readonly outputIndex: number;
}

export interface ReasoningItem extends Item {
  readonly type: 'reasoning';
  /** Told as its summary, since one was asked for: nobody shortens it, but there are clients that show nothing else. */
  readonly asSummary: boolean;
  text: string;
}

export interface MessageItem extends Item {
  readonly type: 'message';
  text: string;
  readonly logprobs: TokenLogprob[];
}

export interface FunctionCallItem extends Item {
  readonly type: 'function_call';
  /** Of the call in its answer, as the engine numbers them. */
  readonly callIndex: number;
  callId: string;
  name: string;
  arguments: string;
}

export type OutputItem = ReasoningItem | MessageItem | FunctionCallItem;

export function itemObject(item: OutputItem, status: ItemStatus): object {
  const { id, type } = item;
  // An item that has just begun shows no part yet: the part comes with an event of its own.
  const begun = status === 'in_progress';
  switch (item.type) {
    case 'reasoning':
      return { id, type, ...thoughts(item, begun), encrypted_content: null, status };
    case 'message':
      return { id, type, role: 'assistant', content: begun ? [] : [partObject(item)], status };
    case 'function_call':
      return { id, type, call_id: item.callId, name: item.name, arguments: item.arguments, status };
  }
}

function thoughts(item: ReasoningItem, begun: boolean) {
  const parts = begun ? [] : [partObject(item)];
  return item.asSummary ? { summary: parts, content: [] } : { summary: [], content: parts };
}

/** The only part that our messages and thoughts have. */
export function partObject(item: ReasoningItem | MessageItem): object {
  if (item.type === 'reasoning') return { type: item.asSummary ? 'summary_text' : 'reasoning_text', text: item.text };
  return { type: 'output_text', text: item.text, annotations: [], logprobs: [...item.logprobs] };
}
