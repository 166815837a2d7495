import { createHash } from 'node:crypto';
import type { CompiledGrammar, GrammarCompiler, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import { KtpflowError } from '../../errors.ts';
import type { GenerationRequest } from '../engine.ts';
import { TextMasks } from './text-masks.ts';
import type { ModelTokenizer } from './tokenizer.ts';
import { loadXGrammar, type XGrammar } from './xgrammar-module.ts';

/** Compiled schemas that are kept: a caller tends to send the same one. */
const MAX_KEPT = 16;
/** JSON on one line: blanks at will would be a way to go on for ever. */
const ANY_WHITESPACE = false;
const ONE_LINE = -1;
const SEPARATORS: [string, string] = [', ', ': '];

type JsonFormat = Exclude<GenerationRequest['responseFormat'], { type: 'text' }>;

/** Follows one answer and says which tokens may come next. */
export interface GrammarState {
  /** Bit i % 32 of word i / 32 says whether token i may come. */
  allowed(): Promise<Int32Array>;
  /** @returns false where the grammar does not allow the token */
  accept(id: number): boolean;
  close(): void;
}

interface Loaded {
  readonly xgrammar: XGrammar;
  readonly compiler: GrammarCompiler;
  readonly kept: Map<string, CompiledGrammar>;
}

/** Makes a model's answer JSON by allowing only the tokens that lead to it (xgrammar). */
export class JsonGrammars {
  readonly #tokenizer: ModelTokenizer;
  readonly #vocabularySize: number;
  readonly #stopIds: readonly number[];
  readonly #masks: TextMasks;
  #loaded: Promise<Loaded> | null = null;

  constructor(tokenizer: ModelTokenizer, vocabularySize: number, stopIds: readonly number[]) {
    this.#tokenizer = tokenizer;
    this.#vocabularySize = vocabularySize;
    this.#stopIds = stopIds;
    this.#masks = new TextMasks(tokenizer, vocabularySize);
  }

  /** @throws KtpflowError invalid_value where the schema uses what cannot be enforced */
  async start(format: JsonFormat): Promise<GrammarState> {
    const loaded = await this.#load();
    const grammar = await this.#compile(loaded, format);
    const matcher = await loaded.xgrammar.GrammarMatcher.createGrammarMatcher(grammar);
    return stateOf(matcher, this.#masks);
  }

  #load(): Promise<Loaded> {
    this.#loaded ??= this.#create();
    return this.#loaded;
  }

  async #create(): Promise<Loaded> {
    const xgrammar = await loadXGrammar();
    const names = [...this.#tokenizer.names];
    const info = await xgrammar.TokenizerInfo.createTokenizerInfo(names, 'byte_level', false, this.#vocabularySize, [
      ...this.#stopIds,
    ]);
    return { xgrammar, compiler: await xgrammar.GrammarCompiler.createGrammarCompiler(info), kept: new Map() };
  }

  async #compile({ compiler, kept }: Loaded, format: JsonFormat): Promise<CompiledGrammar> {
    const schema = format.type === 'json_object' ? '{"type":"object"}' : JSON.stringify(format.schema);
    const key = createHash('sha256').update(`${format.type}:${schema}`).digest('base64');
    const known = kept.get(key);
    if (known) return known;
    const strict = format.type === 'json_schema';
    try {
      const compiled = await compiler.compileJSONSchema(schema, ANY_WHITESPACE, ONE_LINE, SEPARATORS, strict);
      const oldest = kept.size >= MAX_KEPT ? kept.keys().next().value : undefined;
      // Not disposed of: an answer may still follow it. The memory is given back with the thread.
      if (oldest !== undefined) kept.delete(oldest);
      kept.set(key, compiled);
      return compiled;
    } catch {
      // The copy has aborted: those who follow it may go on, nobody else starts there.
      this.#loaded = null;
      const param = 'response_format.json_schema.schema';
      throw new KtpflowError('invalid_value', `${param} uses something that this model cannot be made to keep.`, {
        param,
      });
    }
  }
}

function stateOf(matcher: GrammarMatcher, masks: TextMasks): GrammarState {
  let last: number | null = null;
  return {
    async allowed() {
      const text = masks.behind(last);
      return (await matcher.getNextTokenBitmask()).map((word, index) => word & (text[index] ?? 0));
    },
    accept(id) {
      last = id;
      return matcher.acceptToken(id);
    },
    close: () => matcher.dispose(),
  };
}
