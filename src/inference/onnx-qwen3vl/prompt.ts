import { Template } from '@huggingface/jinja';
import type { EngineMessage } from '../engine.ts';
import type { PreparedMedium } from './media.ts';
import { tokensOf } from './patches.ts';
import type { ModelTokenizer } from './tokenizer.ts';

const IMAGE = '<|image_pad|>';
const VIDEO = '<|video_pad|>';
const START = '<|vision_start|>';
const END = '<|vision_end|>';

export interface Prompt {
  readonly ids: readonly number[];
  /** Whether the template has opened `<think>`, so that the answer begins inside of the block. */
  readonly opensThinking: boolean;
}

/** Writes conversations as a model was taught to read them: by its own chat template. */
export class PromptWriter {
  readonly #template: Template;
  readonly #tokenizer: ModelTokenizer;

  constructor(template: string, tokenizer: ModelTokenizer) {
    this.#template = new Template(template);
    this.#tokenizer = tokenizer;
  }

  /**
   * @param media the pictures and videos of the messages, in their order.
   * @param prefix what the answer begins with already.
   */
  write(messages: readonly EngineMessage[], media: readonly PreparedMedium[], prefix: string): Prompt {
    const rendered = this.#template.render({
      messages: messages.map((message) => this.#toTemplate(message)),
      add_generation_prompt: true,
    });
    const opensThinking = rendered.trimEnd().endsWith('<think>');
    return { ids: this.#tokenizer.encode(expand(rendered, media) + this.#tokenizer.quote(prefix)), opensThinking };
  }

  #toTemplate({ role, content, name }: EngineMessage): object {
    const parts = content.map((part) =>
      part.type === 'text' ? { type: 'text', text: this.#tokenizer.quote(part.text) } : { type: part.type },
    );
    return { role, content: parts, ...(name !== undefined && { name: this.#tokenizer.quote(name) }) };
  }
}

/**
 * Puts as many placeholders as a picture has tokens where the template has one. A video becomes its frames, each with
 * its time and marks of its own, without the template's marks around it: so the model was trained.
 */
function expand(rendered: string, media: readonly PreparedMedium[]): string {
  const images = media.filter(({ kind }) => kind === 'image');
  const videos = media.filter(({ kind }) => kind === 'video');
  const placeholders = /<\|image_pad\|>|(?:<\|vision_start\|>)?<\|video_pad\|>(?:<\|vision_end\|>)?/g;
  return rendered.replace(placeholders, (placeholder) => {
    const medium = placeholder === IMAGE ? images.shift() : videos.shift();
    if (!medium) throw new RangeError('the chat template shows more pictures than there are');
    const { grid, timestamps } = medium;
    if (placeholder === IMAGE) return IMAGE.repeat(tokensOf(grid));
    const frame = VIDEO.repeat(tokensOf({ ...grid, frames: 1 }));
    return timestamps.map((time) => `<${time} seconds>${START}${frame}${END}`).join('');
  });
}
