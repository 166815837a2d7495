import { KtpflowError } from '../errors.ts';
import type { Piece, ToolCallDelta } from './piece.ts';

/** The new answer is not the recorded one: trying again would not help. */
export class StreamDivergedError extends KtpflowError {
  constructor() {
    super('upstream_failed', 'The engine failed in mid-answer, and its answer could not be continued.');
  }
}

/**
 * For engines that cannot go on from a prefix: the answer is generated anew, and what was recorded of it is dropped as
 * long as the new one says the same. Where they part, or the new one is shorter, the reader cannot be given a whole
 * answer any more, and is told so.
 */
export class RecordedPrefix {
  /** What is still to be dropped, by place: the text, the reasoning, the name and the arguments of each tool call. */
  readonly #rest = new Map<string, string>();
  readonly #knownCalls = new Set<number>();

  constructor(recorded: readonly Piece[]) {
    for (const piece of recorded) {
      this.#expect('content', piece.content);
      this.#expect('reasoning', piece.reasoning);
      for (const { index, function: called } of piece.toolCalls ?? []) {
        this.#knownCalls.add(index);
        this.#expect(`name ${index}`, called?.name);
        this.#expect(`arguments ${index}`, called?.arguments);
      }
    }
  }

  /** What is new in a piece; undefined where nothing is. @throws StreamDivergedError */
  skip(piece: Piece): Piece | undefined {
    if (this.#rest.size === 0 && this.#knownCalls.size === 0) return piece;
    const content = this.#drop('content', piece.content);
    const reasoning = this.#drop('reasoning', piece.reasoning);
    const toolCalls = (piece.toolCalls ?? []).flatMap((delta) => this.#dropOfCall(delta));
    if (!content && !reasoning && toolCalls.length === 0) return undefined;
    const whole = content === piece.content && reasoning === piece.reasoning;
    return {
      ...(content && { content }),
      ...(reasoning && { reasoning }),
      ...(toolCalls.length > 0 && { toolCalls }),
      ...(whole && piece.logprobs && { logprobs: piece.logprobs }),
    };
  }

  /** To be called when the new answer has ended. @throws StreamDivergedError */
  assertPassed(): void {
    if (this.#rest.size > 0) throw new StreamDivergedError();
  }

  #expect(place: string, text: string | undefined): void {
    if (text) this.#rest.set(place, (this.#rest.get(place) ?? '') + text);
  }

  #drop(place: string, text: string | undefined): string | undefined {
    const expected = this.#rest.get(place);
    if (expected === undefined || !text) return text;
    const common = Math.min(expected.length, text.length);
    if (expected.slice(0, common) !== text.slice(0, common)) throw new StreamDivergedError();
    if (common === expected.length) this.#rest.delete(place);
    else this.#rest.set(place, expected.slice(common));
    return text.slice(common);
  }

  /** The id of a call that was shown already stays the one that was shown. */
  #dropOfCall(delta: ToolCallDelta): ToolCallDelta[] {
    const { index } = delta;
    if (!this.#knownCalls.has(index)) return [delta];
    const name = this.#drop(`name ${index}`, delta.function?.name);
    const text = this.#drop(`arguments ${index}`, delta.function?.arguments);
    if (!name && !text) return [];
    return [{ index, function: { ...(name && { name }), ...(text && { arguments: text }) } }];
  }
}
