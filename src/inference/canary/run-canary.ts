import { generateChecked } from '../chat/generate-checked.ts';
import type { Engine, GenerationRequest } from '../engine.ts';
import { SPECIMEN } from './specimen.ts';
import { SPECIMEN_IMAGE } from './specimen-image.ts';

/** wrong-numbers: it answered, and a digit of the card was not among what it said. */
export type CanaryVerdict = 'passed' | 'wrong-numbers' | 'no-answer';

const MAX_TOKENS = 160;
const SCHEMA = {
  type: 'object',
  properties: {
    nik: { type: 'string', maxLength: 24 },
    tanggal_lahir: { type: 'string', maxLength: 16 },
    tanggal_terbit: { type: 'string', maxLength: 16 },
  },
  required: ['nik', 'tanggal_lahir', 'tanggal_terbit'],
  additionalProperties: false,
};

/** Lets an engine read the drawn card. Never throws, except the signal's reason once it is aborted. */
export async function runCanary(engine: Engine, signal: AbortSignal): Promise<CanaryVerdict> {
  try {
    const said = JSON.parse(await answerOf(engine, signal)) as Record<string, unknown>;
    const { birthDate, issueDate, nik } = SPECIMEN;
    const right =
      digitsOf(said.nik) === nik && isDate(said.tanggal_lahir, birthDate) && isDate(said.tanggal_terbit, issueDate);
    return right ? 'passed' : 'wrong-numbers';
  } catch {
    signal.throwIfAborted();
    return 'no-answer';
  }
}

async function answerOf(engine: Engine, signal: AbortSignal): Promise<string> {
  const request: GenerationRequest = {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', mimeType: 'image/png', bytes: Buffer.from(SPECIMEN_IMAGE, 'base64') },
          { type: 'text', text: 'Salin NIK, tanggal lahir dan tanggal terbit persis seperti tercetak, sebagai JSON.' },
        ],
      },
    ],
    sampling: { maxTokens: MAX_TOKENS, temperature: 0 },
    responseFormat: { type: 'json_schema', name: 'specimen', schema: SCHEMA },
  };
  let text = '';
  for await (const part of generateChecked(engine, request, { signal })) {
    if (part.type === 'piece') text += part.piece.content ?? '';
  }
  return text;
}

function digitsOf(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\D/g, '') : '';
}

/** As printed, or the year first: what counts is that the digits are right. */
function isDate(value: unknown, printed: string): boolean {
  const digits = digitsOf(value);
  const [day = '', month = '', year = ''] = printed.split('-');
  return digits === day + month + year || digits === year + month + day;
}
