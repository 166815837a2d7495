import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EngineContentPart, EngineMessage } from '../../src/inference/engine.ts';

/** The tiny random-weight Qwen3-VL and what the reference answers with it; made by tools/export-qwen3vl/golden.py. */
const FIXTURE = new URL('../fixtures/qwen3vl-tiny/', import.meta.url);
export const TINY_MODEL = fileURLToPath(new URL('model', FIXTURE));

type GoldenPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly file: string }
  | { readonly type: 'video'; readonly files: readonly string[] };

export interface GoldenCase {
  readonly name: string;
  readonly messages: readonly { readonly role: EngineMessage['role']; readonly content: readonly GoldenPart[] }[];
  readonly prefix: string;
  readonly promptIds: readonly number[];
  readonly tokens: readonly number[];
  /** Of the first token: its five likeliest. */
  readonly firstLogits: readonly (readonly [id: number, logit: number])[];
}

const golden = JSON.parse(readFileSync(new URL('golden.json', FIXTURE), 'utf8')) as {
  readonly framesPerSecond: number;
  readonly cases: readonly GoldenCase[];
};

export const GOLDEN_CASES = golden.cases;

export function goldenCase(name: string): GoldenCase {
  const found = golden.cases.find((entry) => entry.name === name);
  if (!found) throw new Error(`there is no case ${name}`);
  return found;
}

export function fixtureFile(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURE));
}

/** The messages as an engine gets them, media included. */
export function engineMessages({ messages }: GoldenCase): EngineMessage[] {
  return messages.map(({ role, content }) => ({ role, content: content.map(toPart) }));
}

function toPart(part: GoldenPart): EngineContentPart {
  const mimeType = 'image/jpeg';
  switch (part.type) {
    case 'text':
      return part;
    case 'image':
      return { type: 'image', mimeType, bytes: fixtureFile(`media/${part.file}`) };
    case 'video':
      return {
        type: 'video',
        frames: part.files.map((file, index) => ({
          seconds: index / golden.framesPerSecond,
          mimeType,
          bytes: fixtureFile(`media/${file}`),
        })),
      };
  }
}
