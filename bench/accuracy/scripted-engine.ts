import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, GenerationPart, GenerationRequest } from '../../src/inference/engine.ts';
import type { FieldName } from '../../src/ktp/field-names.ts';
import type { Truth } from '../../tools/make-cards/truth.ts';

/** Models that are played: what a server may do to a card, from the best to the worst. */
export const SCRIPTS = ['right', 'wrong', 'silent', 'slow', 'loops'] as const;
export type Script = (typeof SCRIPTS)[number];

/** Longer than any budget. */
const FOR_EVER_MS = 600_000;
const SLOW_MS = 60_000;

/**
 * A model that knows what stands on the picture beside which its truth lies, and does with it what its script says. What
 * is hidden on the picture it does not know.
 * `wrong` passes the canary and then changes a character of every value: the worst that can stand behind an address.
 */
export async function scriptedEngine(script: Script, picturePath: string): Promise<Engine> {
  const { hidden, printed } = JSON.parse(await readFile(picturePath.replace(/\.jpg$/, '.json'), 'utf8')) as Truth;
  return {
    id: 'scripted',
    kind: 'openai',
    modelId: `scripted ${script}`,
    maxImagePixels: null,
    capabilities: {
      vision: true,
      video: false,
      jsonSchema: true,
      continueFromPrefix: false,
      tools: false,
      logprobs: false,
    },
    contextLength: async () => null,
    countTokens: async () => null,
    readiness: async () => ({ ready: true, error: null }),
    async *generate(request, { signal }): AsyncGenerator<GenerationPart> {
      if (script === 'silent') await sleep(FOR_EVER_MS, undefined, { signal });
      if (script === 'slow') await sleep(SLOW_MS, undefined, { signal });
      for (let round = 0; script === 'loops' && round < 1e6; round++) {
        await sleep(1, undefined, { signal });
        yield { type: 'piece', piece: { content: '{"nama": ' } };
      }
      const values = askedOf(request).map((name) => {
        const value = hidden.includes(name) ? null : printed[name];
        return [name, value !== null && script === 'wrong' ? misread(value) : value];
      });
      yield { type: 'piece', piece: { content: JSON.stringify(Object.fromEntries(values)) } };
      yield { type: 'finish', reason: 'stop', usage: null };
    },
    close: async () => undefined,
  };
}

function askedOf({ responseFormat }: GenerationRequest): FieldName[] {
  const schema = responseFormat.type === 'json_schema' ? responseFormat.schema : {};
  return Array.isArray(schema.required) ? (schema.required as FieldName[]) : [];
}

/** Another digit or letter in the middle. */
export function misread(value: string): string {
  const at = Math.floor(value.length / 2);
  const other = /\d/.test(value[at] ?? '') ? String((Number(value[at]) + 3) % 10) : value[at] === 'A' ? 'O' : 'A';
  return value.slice(0, at) + other + value.slice(at + 1);
}
